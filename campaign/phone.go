package campaign

import (
	"fmt"
	"strings"
)

// Phone is a phone number in E.164 with its plus: "+5511987654321".
type Phone string

// ParsePhone reads a phone as people write it.
func ParsePhone(s string) (Phone, error) {
	var d strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			d.WriteRune(r)
		}
	}
	n := d.String()
	n = strings.TrimPrefix(n, "00")
	if !strings.Contains(s, "+") {
		n = strings.TrimPrefix(n, "0")
		if len(n) == 10 || len(n) == 11 {
			n = "55" + n
		}
	}
	if len(n) < 8 || len(n) > 15 {
		return "", fmt.Errorf("not a phone number: %q", s)
	}
	return Phone("+" + n), nil
}

// Digits is the number without its plus.
func (p Phone) Digits() string { return strings.TrimPrefix(string(p), "+") }

// Key is the identity.
func (p Phone) Key() string {
	d := p.Digits()
	if len(d) == 12 && strings.HasPrefix(d, "55") && d[4] >= '6' {
		return d[:4] + "9" + d[4:]
	}
	return d
}

// Other is the other ninth-digit spelling.
func (p Phone) Other() (Phone, bool) {
	d := p.Digits()
	switch {
	case len(d) == 12 && strings.HasPrefix(d, "55") && d[4] >= '6':
		return Phone("+" + d[:4] + "9" + d[4:]), true
	case len(d) == 13 && strings.HasPrefix(d, "55") && d[4] == '9' && d[5] >= '6':
		return Phone("+" + d[:4] + d[5:]), true
	}
	return "", false
}

// Zone is the time zone.
func (p Phone) Zone() string { return "America/Sao_Paulo" }

// Pretty is for a screen.
func (p Phone) Pretty() string { return string(p) }

// Masked is for logs.
func (p Phone) Masked() string {
	if len(p) < 8 {
		return "•••"
	}
	return string(p[:3]) + "•••••" + string(p[len(p)-4:])
}
