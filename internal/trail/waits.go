package trail

// Waits is told that something has begun that may take long, in words that follow "waiting for". What it returns is
// called when that has ended.
type Waits func(what string) (ended func())

// WithWaits returns t as one that also tells w what is waited for.
func (t Trail) WithWaits(w Waits) Trail {
	t.waits = &w
	return t
}

// Waits says that something has begun that may take long. What it returns is to be called when that has ended.
func (t Trail) Waits(what string) (ended func()) {
	if t.waits == nil {
		return func() {}
	}
	return (*t.waits)(what)
}
