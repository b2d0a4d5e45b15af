package whowins

// rules are the decisions in which the tools that read sysctl files differ from each other, or from what one might
// expect. Each field is one rule. The values for a release are data, in the two functions below; the test that compares
// the model with the real tools switches each rule over in turn and expects the comparison to fail.
type rules struct {
	// Which files are read, and in which order.
	maskByName   bool // a file hides those of the same name in lower folders
	emptyMasks   bool // an empty file, a link to /dev/null and a folder hide them as well
	etcFirst     bool // /etc is the highest folder
	sortByName   bool // files are read in the order of their names, whatever their folder
	confSuffix   bool // only names that end in ".conf" count
	dotFiles     bool // names that begin with a dot count
	danglingHide bool // a link to nowhere hides lower files
	loopsHide    bool // so does a link that cannot be followed at all, as one that leads to itself
	splitUsr     bool // /lib/sysctl.d is a folder of its own
	sysctlConf   bool // /etc/sysctl.conf is read, last
	globNames    bool // a name with wildcards is read as a pattern of names
	credential   bool // the credential sysctl.extra is read, last

	// How a line is read.
	comments      bool // lines that begin with # or ; say nothing
	crEndsLine    bool // a carriage return ends a line, as a newline does
	formFeedSpace bool // vertical tab and form feed are blanks
	dashStripped  bool // a leading dash is not part of the key
	dashBlanks    bool // blanks between that dash and the key do not count
	doubleDash    bool // a second leading dash is not part of the key either
	firstDecides  bool // where the first separator is a slash, dots stay dots
	plainDots     bool // every dot stands for a slash, and slashes stay (TuneD before 2.22)
	alwaysSwap    bool // dots and slashes change places whatever comes first (TuneD since 2.22)
	simplify      bool // repeated separators and a leading one do not make a key a different one
	dotDot        bool // ".." in a key is followed
	shortLines    bool // a line of 1 MiB ends the reading of its file
	strtok        bool // an equals sign at the beginning of a line is skipped
	deprecated    bool // base_reachable_time and retrans_time are not written

	// What the lines add up to.
	lastWins      bool // of two assignments of a key the later one counts
	onlyLast      bool // and is the only one carried out, even if the kernel refuses its value
	globs         bool // keys with wildcards stand for all that match
	globBraces    bool // {a,b} is expanded in a key that has another wildcard
	explicitWins  bool // a key that is named anywhere is left out of the matches
	excludes      bool // a dash and a key without a value leaves it out as well
	excludeGlobs  bool // so does a dash and a pattern
	excludeCancel bool // and takes back an earlier assignment of the key
	keepsPlace    bool // an assignment repeated with the same value stays in its first place

	// How the tool exits. Of procps 3 that is not known.
	exitKnown       bool // there are rules for it
	badLineFails    bool // a line that is no assignment makes it fail
	dashForgives    bool // "-key = value" never makes it fail, whatever the kernel says
	absenceForgiven bool // nor does what the kernel does not have or does not permit
	danglingFails   bool // a link to nowhere does
	dotDotFails     bool // ".." in a key that is not followed makes it fail
}

// systemdRules are those of systemd-sysctl. Sources: src/sysctl/sysctl.c, src/basic/conf-files.c and sysctl-util.c of
// the releases 247, 249, 252, 255, 257 and later.
func systemdRules(major int) rules {
	return rules{
		maskByName: true, emptyMasks: true, etcFirst: true, sortByName: true, confSuffix: true, danglingHide: true,
		// Since 258 conf-files.c follows each link itself, and drops a name that it cannot follow.
		loopsHide: major < 258,
		// 255 gave up the split-usr with which Debian and Ubuntu built it.
		splitUsr:   major < 255,
		credential: major >= 252,
		comments:   true, crEndsLine: true, dashStripped: true, dashBlanks: true, firstDecides: true, simplify: true,
		dotDot:     major < 250,
		shortLines: true,
		lastWins:   true, onlyLast: true, globs: true, globBraces: true, explicitWins: true, excludes: true,
		excludeCancel: true, keepsPlace: true,
		exitKnown: true, badLineFails: true, dashForgives: true, absenceForgiven: true, dotDotFails: true,
	}
}

// procpsRules are those of "sysctl --system". Sources: sysctl.c of procps 3.3.17, 4.0.2, 4.0.4 and 4.0.7.
func procpsRules(version string) rules {
	four := atLeast(version, "4")
	return rules{
		maskByName: true, emptyMasks: true, etcFirst: true, sortByName: true, confSuffix: true, dotFiles: true,
		danglingHide: true, loopsHide: true, splitUsr: true, sysctlConf: true, globNames: true,
		comments: true, formFeedSpace: four, dashStripped: true, doubleDash: four, firstDecides: true,
		dotDot: true, strtok: !four, deprecated: !four,
		lastWins: true, globs: four, explicitWins: true, excludes: four, excludeGlobs: atLeast(version, "4.0.5"),
		exitKnown: four, danglingFails: true, dashForgives: atLeast(version, "4.0.5"),
	}
}
