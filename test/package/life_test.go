package packaging

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	sysctlFile = "/etc/sysctl.d/60-tcptune.conf"
	limitsFile = "/etc/tcptune/tcptune-server.yaml"
	listFile   = "/var/lib/tcptune/purge.list"
	journal    = "/var/lib/tcptune/journal.json"
	history    = "/var/log/tcptune/history.jsonl" // a log, which a removal keeps
	units      = "/etc/systemd/system/"
)

// tuned applies the default profile. Exit 4: in a container some keys belong to the host.
const tuned = "tcptune apply || [ $? = 4 ]"

func TestInstallationChangesNothingAndPurgeLeavesNothing(t *testing.T) {
	m := boot(t)
	before, values := m.tree(), m.knobs()
	m.install("deb")
	if diff := cmp.Diff(values, m.knobs()); diff != "" {
		t.Errorf("values of the kernel, before (-) and after (+):\n%s", diff)
	}
	m.exists(false, sysctlFile, journal, "/etc/tcptune")
	if out := m.sh("systemctl list-units --all --no-legend 'tcptune*'"); out != "" {
		t.Errorf("units: %s", out)
	}
	m.sh("dpkg --purge tcptune-server tcptune")
	m.sameTree(before)
}

func TestRemovalKeepsTheTuningAndPurgeDeletesIt(t *testing.T) {
	m := boot(t)
	before := m.tree()
	m.install("deb")
	m.sh(tuned)
	m.sh("tcptune service install --listen 127.0.0.1:8080 --now")
	values := m.knobs()

	out := m.sh("dpkg --remove tcptune-server tcptune")
	m.has(out, "tcptune revert", "until the next reboot")
	if diff := cmp.Diff(values, m.knobs()); diff != "" {
		t.Errorf("removal has changed values:\n%s", diff)
	}
	m.exists(true, sysctlFile, units+"tcptune-server.service", limitsFile, listFile, history)
	for _, unit := range serverUnits() {
		if r := m.Run(t, "systemctl", "is-active", unit); r.Code == 0 {
			t.Errorf("%s is active without its program", unit)
		}
	}
	// As at the next boot: nobody listens for a program that is not there.
	m.sh("systemctl start tcptune-server.socket")
	if r := m.Run(t, "systemctl", "is-active", "tcptune-server.socket"); r.Code == 0 {
		t.Error("the socket listens without its program")
	}

	out = m.sh("dpkg --purge tcptune tcptune-server")
	m.has(out, "until the next reboot")
	if strings.Contains(out, "stays:") {
		t.Errorf("purge leaves something:\n%s", out)
	}
	m.sameTree(before)
	if diff := cmp.Diff(values, m.knobs()); diff != "" {
		t.Errorf("purge has changed values:\n%s", diff)
	}
}

// A power cut may follow at once: dpkg has made it durable by then that the package is removed.
func TestRemovalMakesItsListDurable(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.write("/usr/local/sbin/sync", "#!/bin/sh\necho $(ls /var/lib/tcptune) , $* >>/synced\ncat $1 >>/synced-text\nexec /bin/sync \"$@\"\n")
	m.sh("chmod +x /usr/local/sbin/sync && dpkg --remove tcptune-server tcptune")
	m.has(m.sh("cat /synced"), "purge.list.new , "+listFile+".new", "purge.list , /var/lib/tcptune")
	m.has(m.sh("cat /synced-text"), sysctlFile, "end\n")
}

func TestPurgeInOneGo(t *testing.T) {
	m := boot(t)
	before := m.tree()
	m.install("deb")
	m.sh(tuned)
	m.sh("tcptune service install --listen 127.0.0.1:8080 --now")
	m.sh("dpkg --purge tcptune-server tcptune")
	m.sameTree(before)
}

func TestReinstallationTakesUpWhereRemovalHasLeft(t *testing.T) {
	m := boot(t)
	before := m.tree()
	m.install("deb")
	m.sh(tuned)
	// Its first address goes, so that there is no tcptune-server.socket.
	m.sh("tcptune service install --listen 127.0.0.1:8079 --listen 127.0.0.1:8080 --listen /run/x/x-admin --now")
	m.sh("tcptune service install --listen /run/x/x-admin --listen 127.0.0.1:8080 --now")
	m.exists(false, units+"tcptune-server.socket")
	m.has(m.sh("dpkg --remove tcptune-server tcptune"), "closing tcptune-server-127.0.0.1-8080.socket tcptune-server-admin.socket tcptune-server-run-x-x-admin.socket")
	m.sh("[ -z \"$(ss -Hltn 'sport = :8080')\" ]")
	m.has(m.sh("dpkg --install /debs/deb/*.deb"), "to open: systemctl start tcptune-server-127.0.0.1-8080.socket tcptune-server-admin.socket tcptune-server-run-x-x-admin.socket")
	m.exists(false, listFile)
	m.sh("systemctl start tcptune-server-127.0.0.1-8080.socket tcptune-server-run-x-x-admin.socket && tcptune service status")
	m.sh("tcptune service uninstall && { tcptune revert || [ $? = 4 ]; }")
	m.sh("dpkg --purge tcptune-server tcptune")
	m.sameTree(before)
}

func TestPurgeLeavesWhatOthersHaveMadeOrChanged(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.sh("tcptune service install --listen 127.0.0.1:8080")
	m.sh("tcptune service install --name mine --exec /bin/sleep --listen 127.0.0.1:9000 -- 1000")
	m.sh("mkdir -p /etc/tcptune/profiles.d && echo '# mine' >/etc/tcptune/profiles.d/mine.yaml")
	m.sh("echo '# edited' >>" + limitsFile)
	m.sh("dpkg --remove tcptune-server tcptune")
	m.sh("ln -sf /dev/null " + units + "tcptune-server.service") // an operator masks it, between removal and purge

	out := m.sh("dpkg --purge tcptune tcptune-server")
	m.has(out, limitsFile+" stays: somebody has changed it", units+"tcptune-server.service stays: somebody",
		units+`mine.socket" stays: part of the service mine, a program of yours`,
		"/etc/tcptune is not empty, and stays: profiles.d tcptune-server.yaml")
	m.exists(true, limitsFile, units+"mine.socket", units+"mine.service", units+"sockets.target.wants/mine.socket",
		"/etc/tcptune/profiles.d/mine.yaml", units+"tcptune-server.service")
	m.exists(false, sysctlFile, journal, listFile, units+"tcptune-server.socket",
		units+"sockets.target.wants/tcptune-server.socket")
}

// Three services run the server of the package: by its other name, as a program of the operator, and only until a
// drop-in.
func TestRemovalStopsTheServicesOfTheServerOnly(t *testing.T) {
	m := boot(t)
	m.sh("[ -L /bin ]") // merged, as on each release of Ubuntu
	m.install("deb")
	m.sh("tcptune service install --program /bin/tcptune-server --listen 8080 --now")
	m.sh("tcptune service install --name mine --exec /usr/bin/tcptune-server --listen 9000 -- --protocol echo && systemctl start mine.socket mine.service")
	m.sh("tcptune service install --name changed --listen 9001 --admin 127.0.0.1:9181")
	m.sh("mkdir " + units + "changed.service.d && printf '[Service]\\nType=exec\\nExecStart=\\nExecStart=/bin/sleep 1000\\n' >" + units + "changed.service.d/own.conf")
	m.sh("systemctl daemon-reload && systemctl start changed.socket changed.service")
	was, mine, changed := m.since("tcptune-server.service"), m.since("mine.service"), m.since("changed.service")

	m.install("next")
	if m.since("tcptune-server.service") == was {
		t.Error("the upgrade has not restarted the server")
	}
	if m.since("mine.service") != mine || m.since("changed.service") != changed {
		t.Error("the upgrade has restarted a program that is not ours")
	}

	m.sh("dpkg --remove tcptune-server tcptune")
	for _, unit := range serverUnits() {
		if r := m.Run(t, "systemctl", "is-active", unit); r.Code == 0 {
			t.Errorf("%s is active without its program", unit)
		}
	}
	if m.since("mine.service") != mine || m.since("changed.service") != changed {
		t.Error("the removal has stopped a program that is not ours")
	}
	m.sh("systemctl is-active mine.socket changed.socket")

	m.has(m.sh("dpkg --purge tcptune tcptune-server"),
		units+`changed.service" stays: part of the service changed, which runs /bin/sleep`,
		units+`mine.service" stays`)
	m.exists(true, units+"changed.socket", units+"changed.service", units+"mine.service")
	m.exists(false, units+"tcptune-server.socket", units+"tcptune-server.service")
}

func TestPurgeNamesWhatItCannotJudge(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.sh("tcptune service install --listen 127.0.0.1:8080")
	m.sh("mv " + sysctlFile + " /etc/sysctl.d/99-zz-tcptune.conf && echo '# own' >/etc/sysctl.d/own.conf")
	m.sh("dpkg --remove tcptune-server tcptune && rm -r /var/lib/tcptune")
	out := m.sh("dpkg --purge tcptune")
	m.has(out, "/etc/sysctl.d/99-zz-tcptune.conf stays: nothing tells", units+"tcptune-server.socket stays: nothing tells")
	if strings.Contains(out, "own.conf") {
		t.Errorf("a file of somebody else is named:\n%s", out)
	}
}

func TestPurgeLeavesAStateFolderThatIsALink(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.sh("mv /var/lib/tcptune /data && ln -s /data /var/lib/tcptune")
	m.sh("dpkg --remove tcptune-server tcptune")
	m.has(m.sh("dpkg --purge tcptune"), "/var/lib/tcptune is a link, and stays")
	m.exists(true, "/var/lib/tcptune")
	m.exists(false, sysctlFile, "/data/journal.json", "/data/purge.list")
}

// A list that is damaged, or that somebody has written, costs no file outside of ours, and none that is not as it says.
func TestPurgeDoesNotBelieveItsList(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	files := []string{"/etc/victim", "/etc/sysctl.d/victim.conf", "/etc/tcptune/real", "/usr/victim"}
	const ofEmpty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // of the journal {}
	const journalLine = "journal\t" + ofEmpty + "\t" + journal + "\n"
	head, lines := "tcptune-purge/1\n"+journalLine, []string{
		"file\t" + empty + "\t/etc/victim",
		"file\t" + empty + "\t/etc/sysctl.d/../victim",
		"file\t" + empty + "\t/usr/victim",
		"file\t\t/etc/sysctl.d/victim.conf",
		"file\t" + strings.Repeat("0", 64) + "\t/etc/sysctl.d/victim.conf",
		"link\t/etc/victim\t/etc/sysctl.d/victim.conf",
		"folder\t-\t/usr/empty",
		"tree\t-\t/etc/tcptune",
		"file\t" + empty + "\t/etc/sysctl.d/link", // leads to a file with that content
		"\t\t", "file", "keep\t$(touch /ran)\t`touch /ran`",
	}
	m := boot(t)
	m.install("deb")
	m.sh("mkdir -p /etc/sysctl.d /etc/tcptune /usr/empty; touch " + strings.Join(files, " ") +
		"; ln -s /etc/victim /etc/sysctl.d/link")
	for name, list := range map[string]string{
		"with wrong lines":  head + strings.Join(lines, "\n") + "\nend\n",
		"that is cut short": head + "file\t" + empty + "\t/etc/sysctl.d/victim.conf\n",
		"of another kind":   "tcptune-purge/2\n" + journalLine + "file\t" + empty + "\t/etc/sysctl.d/victim.conf\nend\n",
		"of no journal":     "tcptune-purge/1\nfile\t" + empty + "\t/etc/sysctl.d/victim.conf\nend\n",
		"that is empty":     "",
	} {
		t.Run(name, func(t *testing.T) {
			m := machine{m.Machine, t}
			m.write(listFile, list)
			m.write(journal, "{}")
			m.sh("sh /var/lib/dpkg/info/tcptune.postrm purge")
			m.exists(true, append(files, "/etc/sysctl.d/link", "/usr/empty")...)
			m.exists(false, "/ran")
		})
	}
}

func TestNothingIsRemovedInTheMiddleOfAnApply(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh("tcptune service install --listen 127.0.0.1:8080 --now")
	m.sh("tcptune apply --confirm 10m || [ $? = 4 ]")
	if r := m.Run(t, "dpkg", "--remove", "tcptune-server", "tcptune"); r.Code == 0 {
		t.Error("it was removed: nobody is there any more to take the apply back")
	} else {
		m.has(r.Stderr, "tcptune confirm", "tcptune revert")
	}
	m.sh("systemctl is-active tcptune-server.socket tcptune-server.service")
	m.sh("tcptune revert; dpkg --configure --pending; dpkg --purge tcptune-server tcptune")
}

// Such as that of "make install": it owns the journal now.
func TestPurgeLeavesWhatAnotherTcptuneHasChangedSince(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.sh("cp /usr/bin/tcptune /usr/local/bin/ && dpkg --remove tcptune-server tcptune")
	m.sh("/usr/local/bin/tcptune apply --profile classic || [ $? = 4 ]")
	m.has(m.sh("dpkg --purge tcptune"), journal, "another tcptune")
	m.exists(true, journal, sysctlFile)
	m.exists(false, listFile)
	m.sh("/usr/local/bin/tcptune revert || [ $? = 4 ]")
	m.exists(false, journal, sysctlFile)
}

// The first apply has written nothing yet, but holds the lock: it would finish on a host without tcptune.
func TestNothingIsRemovedWhileAnotherTcptuneIsAtWork(t *testing.T) {
	m := boot(t)
	m.install("deb")
	if r := m.Run(t, "flock", "/run/tcptune.lock", "dpkg", "--remove", "tcptune-server", "tcptune"); r.Code == 0 {
		t.Error("it was removed")
	} else {
		m.has(r.Stderr, "another tcptune is at work")
	}
	m.sh("dpkg --remove tcptune-server tcptune && rm /run/tcptune.lock")
}

func TestADamagedJournalDoesNotKeepThePackage(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.write(journal, "{")
	m.has(m.sh("dpkg --remove tcptune-server tcptune"), "cannot be read")
	m.has(m.sh("dpkg --purge tcptune"), journal)
	m.exists(true, journal, sysctlFile)
}

// dpkg runs no prerm for a package that is unpacked only, so there is no list.
func TestPurgeInTheMiddleOfAnUpgradeDeletesNothing(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh(tuned)
	m.sh("dpkg --unpack /debs/next/*.deb")
	m.has(m.sh("dpkg --purge tcptune-server tcptune"), journal, "in the middle of an upgrade", sysctlFile+" stays")
	m.exists(true, journal, sysctlFile)
	m.install("deb")
	m.sh("dpkg --purge tcptune-server tcptune")
	m.exists(false, journal, sysctlFile)
}

func TestRemovalSaysThatItsListCannotBeWritten(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh("mkdir /var/lib/tcptune && mount -t tmpfs -o size=64k tmpfs /var/lib/tcptune")
	m.sh(tuned)
	m.sh("dd if=/dev/zero of=/var/lib/tcptune/full bs=4k || true")
	r := m.Run(t, "dpkg", "--remove", "tcptune-server", "tcptune")
	if r.Code == 0 {
		t.Error("it was removed: a purge would not know what to delete")
	}
	m.has(r.Stderr, "tcptune: not removed", "/var/lib/tcptune, which is full or read-only")
	m.exists(false, listFile, listFile+".new")
	m.exists(true, "/usr/bin/tcptune")

	m.sh("rm /var/lib/tcptune/full")
	m.has(m.sh("dpkg --purge tcptune"), "/var/lib/tcptune stays: it cannot be deleted") // it is a mount point
	m.exists(false, journal, sysctlFile)
}
