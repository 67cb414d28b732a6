package numbering

import (
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

// Plan is the numbering plan of a region. Its patterns are regular expressions
// for digits, from the first one on.
type Plan struct {
	Region   string `json:"-"`          // two letters; "001": a code of no country
	Code     int    `json:"-"`          // the country code
	Abroad   string `json:",omitempty"` // what is dialled in front of another country's code
	Prefix   string `json:",omitempty"` // what may be dialled in front of a number
	Becomes  string `json:",omitempty"` // what replaces that; empty: nothing
	General  Kind   // every number
	Local    []int  `json:",omitempty"` // lengths that are dialled inside an area alone
	Services []Kind `json:",omitempty"` // premium rate, toll free, shared cost, VoIP
	Personal Kind
	Others   []Kind `json:",omitempty"` // pagers, company numbers, voicemail
	Mobile   Kind
	Fixed    Kind
	Formats  []Format `json:",omitempty"` // for people abroad; the first that fits
}

// Kind is a kind of number.
type Kind struct {
	Pattern string `json:",omitempty"` // empty: there are none
	Lengths []int  `json:",omitempty"` // rising; none: those of every number
}

// Format is how a number is written.
type Format struct {
	Pattern string
	Begins  string `json:",omitempty"`
	As      string
}

// The plans and zones are written by the tests of this package, see there.
//
// Each line of the plans is a country code, a region and its plan. The main
// region with a code comes first. Each line of the zones is the beginning of
// numbers and the names of their zones.
var (
	//go:embed plans.txt
	planLines string
	//go:embed zones.txt
	zoneLines string
)

// tables are the plans, each of which is read when it is asked for.
type tables struct {
	codes   map[int][]func() *Plan
	regions map[string]func() *Plan
}

var plans = sync.OnceValue(func() tables {
	t := tables{make(map[int][]func() *Plan), make(map[string]func() *Plan)}
	for line := range strings.Lines(planLines) {
		digits, rest, _ := strings.Cut(line, " ")
		region, text, _ := strings.Cut(rest, " ")
		code, _ := strconv.Atoi(digits)
		plan := sync.OnceValue(func() *Plan {
			p := &Plan{Region: region, Code: code}
			if err := json.Unmarshal([]byte(text), p); err != nil {
				panic("numbering: " + digits + " " + region + ": " + err.Error())
			}
			return p
		})
		t.codes[code] = append(t.codes[code], plan)
		if region != "001" {
			t.regions[region] = plan
		}
	}
	return t
})

// mainPlan is the plan of the main region with a country code; nil if there is
// none.
func mainPlan(code int) *Plan {
	if all := plans().codes[code]; len(all) > 0 {
		return all[0]()
	}
	return nil
}

// planIn is the plan of a region; nil if there is none.
func planIn(region string) *Plan {
	if plan := plans().regions[region]; plan != nil {
		return plan()
	}
	return nil
}

// zoneTable is where numbers are.
type zoneTable struct {
	of      map[string]string // by the beginning of their digits
	longest int               // beginning
}

var zones = sync.OnceValue(func() zoneTable {
	t := zoneTable{of: make(map[string]string)}
	for line := range strings.Lines(zoneLines) {
		digits, names, _ := strings.Cut(strings.TrimSpace(line), " ")
		t.of[digits] = names
		t.longest = max(t.longest, len(digits))
	}
	return t
})
