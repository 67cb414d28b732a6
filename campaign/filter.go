package campaign

import (
	"strings"
	"time"
)

// Filter matches contacts.
type Filter struct{ source string }

// FilterError points at a mistake.
type FilterError struct {
	Offset  int
	Message string
}

func (e *FilterError) Error() string { return e.Message }

// FilterEnv is what a filter asks.
type FilterEnv struct {
	Now        time.Time
	NumberName func(NumberID) string
}

// ParseFilter parses.
func ParseFilter(s string) (Filter, error) { return Filter{s}, nil }

// Match matches.
func (f Filter) Match(c *Contact, env FilterEnv) bool {
	for _, w := range strings.Fields(Fold(f.source)) {
		if tag, ok := strings.CutPrefix(w, "tag:"); ok {
			found := false
			for _, t := range c.Tags {
				found = found || Fold(t) == tag
			}
			if !found {
				return false
			}
			continue
		}
		if !strings.Contains(Fold(c.Name), w) && !strings.Contains(string(c.Phone), w) {
			return false
		}
	}
	return true
}

func (f Filter) String() string { return f.source }
