package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"recado/campaign"
	"recado/campaign/reason"
	"recado/session"
	"recado/store"
)

// How `run --until-idle` decides that nothing is left to do.
const (
	onlineWithin = time.Minute      // for a number to come online and hear what arrived while away
	calmFor      = 3 * time.Second  // nothing has happened for so long
	calmWithin   = 15 * time.Second // or this long after the last campaign ended, whatever happens
	drawEvery    = 200 * time.Millisecond
	fullFor      = 5 * time.Second // the disk has refused to write for so long before it is said
	fullWithin   = time.Minute     // and before nobody but a person can help
)

func (c *call) runCommand() *cobra.Command {
	var untilIdle bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: c.t("cmd_run"),
		Args:  c.noArgs,
		RunE: c.run(func(ctx context.Context, _ []string) error {
			err := c.withOwner(ctx, endless, func(ctx context.Context, o *owner) error { return c.keep(ctx, o, untilIdle) })
			if f := (*failure)(nil); !untilIdle && errors.As(err, &f) && f.code == ExitInterrupted {
				return nil // to be stopped is its only end
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&untilIdle, "until-idle", false, c.t("flag_run_until_idle"))
	return cmd
}

// keep connects the numbers and runs the lanes until ctx ends or, if asked,
// nothing is left to do. A message on the wire is waited for.
func (c *call) keep(ctx context.Context, o *owner, untilIdle bool) error {
	idle := &idleness{call: c, dir: o.Dir}
	if err := idle.note(o); err != nil { // before the numbers connect: it may take one of them away at once
		return err
	}
	pool, release, err := o.Work(ctx)
	if err != nil {
		return err
	}
	defer c.patiently(release)
	idle.begun, idle.rang = time.Now(), time.Now()
	ring, unhear := o.parts.Bell.Listen()
	defer unhear()
	progress := &progress{call: c, owner: o}
	defer progress.end()
	tick := time.NewTicker(drawEvery)
	defer tick.Stop()
	for changed := true; ; {
		if changed {
			progress.draw(pool)
			if err := idle.see(o); err != nil {
				return err
			}
		}
		if err := idle.full(unwritable(o, pool), time.Now(), untilIdle); err != nil {
			return err
		}
		if untilIdle {
			if done, err := idle.reached(o, pool, time.Now()); err != nil || done {
				return err
			}
		}
		changed = false
		select {
		case <-ctx.Done():
			return c.interrupted()
		case <-tick.C: // rings are gathered between two ticks
			select {
			case <-ring:
				idle.rang, changed = time.Now(), true
			default:
			}
		}
	}
}

// idleness watches for the moment when nothing is left to do.
type idleness struct {
	call  *call
	dir   string    // of the data
	begun time.Time // when the numbers began to connect
	rang  time.Time // when something last happened
	since time.Time // since when no campaign is running and the numbers have heard; zero: not yet

	filled time.Time // since when the disk refuses to write; zero: it does not
	told   bool      // that has been said

	paused map[campaign.ID]bool // that were paused when it began
}

// note remembers which campaigns are paused already: those are none of ours.
func (i *idleness) note(o *owner) error {
	i.paused = make(map[campaign.ID]bool)
	campaigns, err := o.parts.Book.Campaigns()
	for _, c := range campaigns {
		// One that was paused when the book was opened, for its damage, is news.
		news := o.parts.Book.WentBack() && c.Reason.Code == reason.CampaignDamage
		i.paused[c.ID] = c.Status == campaign.Paused && !news
	}
	return err
}

// see forgets those that were paused and no longer are: somebody resumed them.
func (i *idleness) see(o *owner) error {
	campaigns, err := o.parts.Book.Campaigns()
	for _, c := range campaigns {
		i.paused[c.ID] = i.paused[c.ID] && c.Status == campaign.Paused
	}
	return err
}

// full says once that the disk refuses to write: until it takes something
// again, nothing is sent. What was tried goes on being tried. The error is that
// of a run that somebody waits for.
func (i *idleness) full(refused bool, now time.Time, waited bool) error {
	if !refused {
		i.filled, i.told = time.Time{}, false
		return nil
	}
	if i.filled.IsZero() {
		i.filled = now
	}
	switch since := now.Sub(i.filled); {
	case waited && since >= fullWithin:
		return i.call.fail(ExitFailed, "run_disk_full", "Dir", i.dir)
	case !i.told && since >= fullFor:
		i.told = true
		i.call.tell("run_disk_full", "Dir", i.dir)
	}
	return nil
}

// unwritable reports whether the disk refuses what the book or the keys of a
// number have to write.
func unwritable(o *owner, pool *session.Pool) bool {
	err, damaged := o.parts.Book.Err(), (*store.DamagedError)(nil)
	return err != nil && !errors.As(err, &damaged) || slices.ContainsFunc(pool.Snapshots(), func(s session.Snapshot) bool {
		return pool.Sender(s.Number.ID).Ready().Hold.Reason == reason.HoldDisk
	})
}

// stopped returns the error of a run in which a campaign was paused though
// nobody asked for it; nil if there was none.
func (i *idleness) stopped(o *owner) error {
	campaigns, err := o.parts.Book.Campaigns()
	if err != nil {
		return err
	}
	var all []string
	for _, c := range campaigns {
		if c.Status != campaign.Paused || c.Reason.IsZero() || i.paused[c.ID] {
			continue
		}
		all = append(all, i.call.t("run_campaign_stopped", "ID", c.ID, "Name", c.Name, "Why", strings.TrimSuffix(i.call.because(c.Reason), ".")))
	}
	if len(all) == 0 {
		return nil
	}
	return &failure{code: ExitFailed, text: strings.Join(all, "\n")}
}

// reached reports whether that moment has come. A number that cannot come
// online is not waited for.
func (i *idleness) reached(o *owner, pool *session.Pool, now time.Time) (bool, error) {
	if damaged := (*store.DamagedError)(nil); errors.As(o.parts.Book.Err(), &damaged) {
		return false, damaged
	}
	none, err := o.parts.Book.Idle()
	if err != nil {
		return false, err
	}
	snapshots, early := pool.Snapshots(), now.Sub(i.begun) < onlineWithin
	if !none && now.Sub(i.rang) >= calmFor {
		if s, ok := stuck(o, snapshots); ok {
			return false, i.call.stuckFailure(s)
		}
	}
	if !none || early && awaited(snapshots) {
		i.since = time.Time{}
		return false, nil
	}
	if i.since.IsZero() {
		i.since = now
	}
	done := now.Sub(i.rang) >= calmFor && now.Sub(i.since) >= calmFor || now.Sub(i.since) >= calmWithin
	if done {
		err = i.stopped(o)
	}
	return done, err
}

// awaited reports whether a linked number is on its way to be online.
func awaited(snapshots []session.Snapshot) bool {
	for _, s := range snapshots {
		if !s.Number.Linked() {
			continue
		}
		switch s.State {
		case campaign.Connecting, campaign.Offline, campaign.Linking:
			return true
		case campaign.Online, campaign.Restricted:
			if !s.Synced {
				return true
			}
		}
	}
	return false
}

// stuckFailure says which number a campaign waits for, and what to do.
func (c *call) stuckFailure(s session.Snapshot) error {
	do := "recado numbers"
	switch s.State {
	case campaign.Blocked:
		do = "recado numbers reconnect " + word(s.Number.Name)
	case campaign.LoggedOut, campaign.Unlinked:
		do = "recado link --name " + word(s.Number.Name)
	}
	return c.fail(ExitFailed,
		"run_campaign_waits", "Name", s.Number.Name, "State", c.state(s.State), "Do", do)
}

// stuck is a number without which nothing more will be sent and which does
// not come back by itself; none if there is still something to wait for.
func stuck(o *owner, snapshots []session.Snapshot) (found session.Snapshot, ok bool) {
	holds := o.parts.Book.Holds()
	for _, s := range snapshots {
		switch {
		case over(s.State) && s.Until.IsZero():
			if s.Number.Link > 0 && holds[s.Number.ID].Reason != reason.HoldEmpty {
				found, ok = s, true
			}
		case holds[s.Number.ID].Reason != reason.HoldEmpty:
			return session.Snapshot{}, false
		}
	}
	return found, ok
}

// progress is the one line that tells a person at the terminal how it goes.
type progress struct {
	call  *call
	owner *owner
	last  string
}

// draw writes the line again if it has changed. It is silent without a
// terminal.
func (p *progress) draw(pool *session.Pool) {
	if !p.call.seen.Err {
		return
	}
	line := p.line(pool)
	if line == p.last {
		return
	}
	p.last = line
	fmt.Fprint(p.call.env.Stderr, "\r\x1b[K"+clean(line))
}

func (p *progress) end() {
	if p.last != "" {
		fmt.Fprintln(p.call.env.Stderr)
	}
}

func (p *progress) line(pool *session.Pool) string {
	online, linked := 0, 0
	for _, s := range pool.Snapshots() {
		if s.Number.Linked() {
			linked++
		}
		if s.State == campaign.Online || s.State == campaign.Restricted {
			online++
		}
	}
	parts, err := p.campaigns()
	if err != nil {
		return p.call.why(err)
	}
	parts = append([]string{p.call.t("run_online", "Online", online, "Linked", linked)}, parts...)
	return strings.Join(parts[:min(len(parts), 3)], " · ")
}

// campaigns says of every campaign that is under way how far it is.
func (p *progress) campaigns() (parts []string, err error) {
	campaigns, err := p.owner.parts.Book.Campaigns()
	if err != nil {
		return nil, err
	}
	for _, camp := range campaigns {
		if camp.Status != campaign.Running && camp.Status != campaign.Freezing {
			continue
		}
		done, total, err := howFar(p.owner.parts.Book, camp)
		if err != nil {
			return nil, err
		}
		runes := []rune(strings.Join(strings.Fields(camp.Name), " "))
		name := string(runes[:min(len(runes), 20)])
		if camp.Status == campaign.Freezing {
			name += " (" + p.call.status(camp.Status) + ")"
		}
		parts = append(parts, fmt.Sprintf("%s %d/%d", name, done, total))
	}
	return parts, nil
}
