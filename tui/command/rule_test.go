package command

import (
	"strings"
	"testing"
	"time"
)

// TestTheRuleAboutConsentIsOfNewCampaigns, copies and follow-ups, unless one says
// otherwise, of which its check warns.
func TestTheRuleAboutConsentIsOfNewCampaigns(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	type campaign struct {
		ID              int
		Require_consent bool
	}
	write := func(args ...string) campaign {
		t.Helper()
		return given[campaign](t, dir, ExitOK, append([]string{"campaign", "new", "--name", "x", "--text", "Oi"}, args...)...)
	}
	rule := func(exit int, args ...string) string {
		t.Helper()
		return given[ruleJSON](t, dir, exit, append([]string{"consent", "rule"}, args...)...).Rule
	}
	if got := rule(ExitOK); got != "optional" || write().Require_consent {
		t.Errorf("the rule is %q to begin with", got)
	}
	if got := rule(ExitOK, "required"); got != "required" || rule(ExitOK) != "required" {
		t.Errorf("then it is %q", got)
	}
	if !write().Require_consent || !write("--require-consent").Require_consent {
		t.Error("a new campaign does not ask for consent")
	}
	otherwise := write("--require-consent=false")
	if otherwise.Require_consent {
		t.Error("one that says otherwise asks for consent")
	}
	c, out, errs := typist(t, dir, "", "campaign", "show", "1")
	if code := c.execute(t.Context()); code != ExitOK || strings.Contains(out.String(), "require_consent") {
		t.Errorf("one of before: exit %d, %s%s", code, out, errs)
	}
	c, out, errs = typist(t, dir, "", "campaign", "check", "4")
	if c.execute(t.Context()); !strings.Contains(out.String(), "exijam consentimento") {
		t.Errorf("its check does not say so: %s%s", out, errs)
	}
	for _, args := range [][]string{{"consent", "rule", "perhaps"}, {"consent", "rule", "required", "optional"}} {
		c, out, errs := typist(t, dir, "", args...)
		if code := c.execute(t.Context()); code != ExitUsage {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errs)
		}
	}
	if got := rule(ExitOK, "optional"); got != "optional" || write().Require_consent {
		t.Errorf("in the end it is %q", got)
	}
}

// TestADayThatIsNamedIsSaidAsADate, at once.
func TestADayThatIsNamedIsSaidAsADate(t *testing.T) {
	dir := shopDir(t, time.Hour, 5, nil)
	for when, said := range map[string]string{"friday 2pm": "friday 2pm: sex ", "2100-01-02 09:00": ""} {
		c, out, errs := typist(t, dir, "", "campaign", "new", "--name", "x", "--text", "Oi", "--at", when)
		if code := c.execute(t.Context()); code != ExitOK || said != "" && !strings.HasPrefix(errs.String(), said) || strings.Contains(errs.String(), when+":") != (said != "") {
			t.Errorf("%s: exit %d, %s%s", when, code, out, errs)
		}
	}
}
