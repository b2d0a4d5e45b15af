package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// ansibleModule is a module of the collection: the command of each state, and what its options are on a command line.
type ansibleModule struct {
	states  map[string][]string
	usual   string              // the state that is meant without one
	dry     []string            // the states whose command has --dry-run
	options map[string]optionOf // by name
}

// optionOf is how an option is written on a command line.
type optionOf int

const (
	asFlag     optionOf = iota // --name VALUE, for each of a list; with _ as -
	asSwitch                   // --name, if true
	asPairs                    // --name KEY=VALUE, for each of a dictionary
	asArgument                 // VALUE, for each of a list
	asProgram                  // --exec FIRST, and the rest after --
	asName                     // --name VALUE for what is installed, VALUE for the rest
)

// ansibleModules are those of deploy/ansible, by name.
func ansibleModules() map[string]ansibleModule {
	common := func(own map[string]optionOf) map[string]optionOf {
		maps.Copy(own, map[string]optionOf{"wait": asFlag, "root": asFlag, "allow_unsupported": asSwitch})
		return own
	}
	return map[string]ansibleModule{
		"tcptune": {
			states: map[string][]string{"applied": {"apply"}, "confirmed": {"confirm"}, "reverted": {"revert"}},
			usual:  "applied", dry: []string{"applied", "reverted"},
			options: common(map[string]optionOf{
				"profile": asFlag, "bandwidth": asFlag, "rtt": asFlag, "flows": asFlag, "live_qdisc": asSwitch, "confirm": asFlag, "retire": asFlag,
			}),
		},
		"tcptune_port": {
			states: map[string][]string{"free": {"port", "--kill"}}, usual: "free", dry: []string{"free"},
			options: map[string]optionOf{
				"ports": asArgument, "udp": asSwitch, "all": asSwitch, "netns": asFlag, "grace": asFlag, "signal": asFlag, "no_force": asSwitch, "mode": asFlag,
				"bound": asSwitch, "close": asSwitch, "holder": asFlag, "many": asSwitch, "force": asSwitch,
			},
		},
		"tcptune_service": {
			states: map[string][]string{
				"present": {"service", "install"}, "absent": {"service", "uninstall"}, "restarted": {"service", "restart"}, "reloaded": {"service", "reload"},
			},
			usual: "present", dry: []string{"present", "absent"},
			options: common(map[string]optionOf{
				"name": asName, "listen": asFlag, "ipv6_only": asSwitch, "interface": asFlag, "backlog": asFlag, "drain": asFlag, "protocol": asFlag,
				"max_conns": asFlag, "limit": asPairs, "admin": asFlag, "upstream": asFlag, "upstream_ca": asFlag, "upstream_name": asFlag, "upstream_cert": asFlag,
				"upstream_key": asFlag, "tls_cert": asFlag, "tls_key": asFlag, "tls_client_ca": asFlag, "program": asFlag, "exec": asProgram, "network": asSwitch,
				"state_dir": asSwitch, "user": asFlag, "type": asFlag, "overlap": asSwitch, "property": asPairs, "now": asSwitch, "free_port": asSwitch,
			}),
		},
		"tcptune_go": {
			states: map[string][]string{"present": {"go", "install"}, "active": {"go", "use"}, "absent": {"go", "remove"}},
			usual:  "present", dry: []string{"present", "active", "absent"},
			options: common(map[string]optionOf{
				"version": asArgument, "all": asSwitch, "source": asFlag, "base": asFlag, "proxy": asFlag, "ca_file": asFlag, "keyring": asFlag, "from_mod": asFlag,
				"file": asFlag, "sha256": asFlag, "signature": asFlag, "tools": asFlag,
			}),
		},
	}
}

// task is one task of a playbook.
type task struct {
	command     []string // "apply"
	flags, rest []string
	check, diff bool
	dry         bool // the command can tell beforehand what it would do
}

// argv is the command line of the task.
func (k task) argv() []string {
	args := slices.Concat([]string{"tcptune"}, k.command, k.flags, []string{"--json"})
	if k.check {
		args = append(args, "--dry-run")
	}
	return append(args, k.rest...)
}

// readTask reads the arguments of a module: the options of the task, and what Ansible itself says.
func readTask(data []byte) (k task, err error) {
	var args map[string]any
	if err := readNumbersAsWritten(data, &args); err != nil {
		return k, report.Usage("cannot read the arguments of the module: "+err.Error(), "")
	}
	called, _ := args["_ansible_module_name"].(string)
	name := called[strings.LastIndexByte(called, '.')+1:]
	module, ok := ansibleModules()[name]
	if !ok {
		return k, report.Usage(fmt.Sprintf("cannot be the module %q", called),
			"the modules are "+strings.Join(slices.Sorted(maps.Keys(ansibleModules())), ", "))
	}
	k.check, _ = args["_ansible_check_mode"].(bool)
	k.diff, _ = args["_ansible_diff"].(bool)
	state := module.usual
	if s, ok := args["state"].(string); ok {
		state = s
	}
	if k.command, ok = module.states[state]; !ok {
		return k, report.Usage(fmt.Sprintf("cannot bring it to the state %q", state),
			"the states are "+strings.Join(slices.Sorted(maps.Keys(module.states)), ", "))
	}
	k.dry = slices.Contains(module.dry, state)
	for _, option := range slices.Sorted(maps.Keys(args)) {
		if option == "state" || args[option] == nil || strings.HasPrefix(option, "_ansible_") {
			continue
		}
		how, ok := module.options[option]
		if !ok {
			return k, report.Usage(fmt.Sprintf("cannot use the option %q", option),
				"the options are state, "+strings.Join(slices.Sorted(maps.Keys(module.options)), ", "))
		}
		if err := k.add(option, args[option], how); err != nil {
			return k, err
		}
	}
	return k, nil
}

// readNumbersAsWritten decodes one JSON value, with its numbers as [json.Number].
func readNumbersAsWritten(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(to); err != nil {
		return err
	}
	if d.More() {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// add writes an option down as how says.
func (k *task) add(option string, value any, how optionOf) error {
	name := "--" + flagOf(option)
	if how == asSwitch {
		on, err := truth(option, value)
		if on {
			k.flags = append(k.flags, name)
		}
		return err
	}
	read := texts
	if how == asPairs {
		read = pairs
	}
	values, err := read(option, value)
	if err != nil {
		return err
	}
	if n, ok := value.(json.Number); ok && how == asArgument && strings.ContainsAny(n.String(), ".eE") {
		return report.Usage(fmt.Sprintf("cannot tell which text the number %s in the option %s was", n, option),
			"quote it: YAML reads 1.30 as the number 1.3")
	}
	switch {
	case how == asProgram && len(values) == 0:
		return report.Usage("cannot run an empty list in the option "+option, "its first element is the program")
	case how == asArgument, how == asName && k.command[len(k.command)-1] != "install":
		k.rest = slices.Concat(values, k.rest)
	case how == asProgram:
		k.flags, k.rest = append(k.flags, name+"="+values[0]), append(append(k.rest, "--"), values[1:]...)
	default:
		for _, v := range values {
			k.flags = append(k.flags, name+"="+v)
		}
	}
	return nil
}

// flagOf is the name of the flag that an option stands for.
func flagOf(option string) string { return strings.ReplaceAll(option, "_", "-") }

// truth reads a boolean, as YAML and Ansible write it.
func truth(option string, value any) (bool, error) {
	switch strings.ToLower(fmt.Sprint(value)) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, report.Usage(fmt.Sprintf("cannot use %v for the option %s: it is true or false", value, option), "")
}

// pairs reads a dictionary as KEY=VALUE, with a list once for each of its values.
func pairs(option string, value any) (all []string, err error) {
	dictionary, ok := value.(map[string]any)
	if !ok {
		return texts(option, value)
	}
	for _, key := range slices.Sorted(maps.Keys(dictionary)) {
		values, err := texts(option+"."+key, dictionary[key])
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			all = append(all, key+"="+v)
		}
	}
	return all, nil
}

// texts reads one value or a list of them.
func texts(option string, value any) (all []string, err error) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			more, err := texts(option, one)
			if err != nil {
				return nil, err
			}
			all = append(all, more...)
		}
		return all, nil
	case map[string]any:
		return nil, report.Usage("cannot use a dictionary in the option "+option, "it is a text or a list of texts")
	case nil:
		return nil, report.Usage("cannot use null in the option "+option, "leave it out, or use '' for an empty text")
	}
	return []string{fmt.Sprint(value)}, nil
}
