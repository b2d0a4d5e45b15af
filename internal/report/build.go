package report

// Build says which tcptune this is, for version. What is not known is "unknown".
type Build struct {
	Version   string `json:"version"`   // "1.2.0", or a pseudo-version
	Commit    string `json:"commit"`    // of the source: in full, or as far as the version has it
	Committed string `json:"committed"` // when that was, RFC 3339
	Go        string `json:"go"`        // "go1.26.8"
}
