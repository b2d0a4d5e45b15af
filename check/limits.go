package check

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tcptune/tcptune/internal/report"
)

// enoughFiles is the hard limit below which a service that serves many connections runs out of file descriptors: each
// connection takes one, a proxy's two.
const enoughFiles = 65536

// checkNoFile judges the hard limit. The soft one is 1024 on every Linux for the sake of select(2), and whatever needs
// more raises it: Go programs do by themselves, others by LimitNOFILE= of their unit.
func checkNoFile(f facts) report.Check {
	const name = "nofile"
	if f.noFile.err != nil {
		return unseen(name, f.noFile.err)
	}
	limit, ceiling := f.noFile.value, f.knobs["fs.nr_open"]
	value := fmt.Sprintf("soft %s, hard %s", count(limit.Soft), count(limit.Hard))
	if ceiling.err == nil {
		value += ", fs.nr_open " + ceiling.value
	}
	if n, err := strconv.ParseUint(ceiling.value, 10, 64); ceiling.err == nil && err == nil && n < enoughFiles {
		return warn(name, value, "fs.nr_open caps every limit of open files, and so the connections of a process",
			"fs.nr_open = 1048576")
	}
	if limit.Hard < enoughFiles {
		return warn(name, value, fmt.Sprintf("a process started from here cannot have more than %d connections", limit.Hard),
			"LimitNOFILE=1048576 in the [Service] section of the unit; "+
				"for logins: * hard nofile 1048576 in /etc/security/limits.d/nofile.conf")
	}
	return pass(name, value, "of the process that started tcptune; a service has its own, see LimitNOFILE= of its unit")
}

func count(n uint64) string {
	if n == math.MaxUint64 {
		return "unlimited"
	}
	return strconv.FormatUint(n, 10)
}
