# A machine that is reached by ssh. A builder that boots one for an image, qemu or amazon-ebs for instance, takes the
# place of null.
variable "host" {
  type = string
}

variable "user" {
  type    = string
  default = "root"
}

variable "key_file" {
  type = string
}

variable "install" {
  type    = string
  default = "sudo apt-get update && sudo apt-get install --yes tcptune tcptune-server"
}

source "null" "machine" {
  ssh_host             = var.host
  ssh_username         = var.user
  ssh_private_key_file = var.key_file
}

build {
  sources = ["source.null.machine"]

  provisioner "shell" {
    inline = [
      var.install,
      "sudo mkdir -p /etc/tcptune",
      "printf 'tuning:\n  profile: server\n' | sudo tee /etc/tcptune/tcptune.yaml",
    ]
  }

  # 4: done, but for what this machine refuses, which is named.
  provisioner "shell" {
    inline           = ["sudo tcptune apply --wait 60s"]
    valid_exit_codes = [0, 4]
  }

  # Without --now: the first boot of the image starts it.
  provisioner "shell" {
    inline = [
      "sudo tcptune service install --protocol http --listen 8080 --wait 60s",
      "sudo tcptune status --json >tcptune-status.json || [ $? = 4 ]",
    ]
  }

  # What became of each key, beside the image.
  provisioner "file" {
    direction   = "download"
    source      = "tcptune-status.json"
    destination = "tcptune-status.json"
  }
}
