package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"recado/session/simulator"
)

// limits is what a number is told about itself when its client asks.
type limits struct {
	Reachout *struct {
		Active bool   `json:"is_active"`
		Type   string `json:"enforcement_type"`
		Ends   string `json:"time_enforcement_ends"`
	} `json:"xwa2_fetch_account_reachout_timelock"`
	Capping *struct {
		Status string `json:"capping_status"`
		Total  int    `json:"total_quota"`
		Used   int    `json:"used_quota"`
		Begins string `json:"cycle_start_timestamp"`
		Ends   string `json:"cycle_end_timestamp"`
	} `json:"xwa2_message_capping_info"`
}

// asks lets a client ask for a document.
func (c *client) asks(ctx context.Context, document string, variables map[string]any) (answer limits, err error) {
	//lint:ignore SA1019 the library has no other door for these documents
	data, err := c.DangerousInternals().SendMexIQ(ctx, document, variables)
	if err != nil {
		return answer, err
	}
	return answer, json.Unmarshal(data, &answer)
}

func (c *client) asksReachout(ctx context.Context) (limits, error) {
	return c.asks(ctx, "23983697327930364", map[string]any{})
}

func (c *client) asksCapping(ctx context.Context) (limits, error) {
	return c.asks(ctx, "27910975521856601", map[string]any{"input": map[string]any{"type": "INDIVIDUAL_NEW_CHAT_THREAD"}})
}

func TestNumberThatAsksIsToldItsRestriction(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := link(t, s, ownPhone)
	if got, err := c.asksReachout(within(t)); err != nil || got.Reachout == nil || got.Reachout.Active {
		t.Errorf("before: %+v, %v", got.Reachout, err)
	}
	until := time.Now().Add(time.Hour)
	ownOf(t, s).Restrict(until)
	got, err := c.asksReachout(within(t))
	if err != nil || got.Reachout == nil || !got.Reachout.Active || got.Reachout.Ends != strconv.FormatInt(until.Unix(), 10) {
		t.Errorf("restricted: %+v, %v", got.Reachout, err)
	}
	ownOf(t, s).Restrict(time.Time{})
	if got, err := c.asksReachout(within(t)); err != nil || got.Reachout.Active {
		t.Errorf("lifted: %+v, %v", got.Reachout, err)
	}
}

func TestNumberWithoutQuotaMayBeginAnyChats(t *testing.T) {
	s := serve(t, simulator.Config{})
	c := link(t, s, ownPhone)
	if got, err := c.asksCapping(within(t)); err != nil || got.Capping == nil || got.Capping.Status != "NONE" || got.Capping.Total != -1 {
		t.Errorf("got %+v, %v", got.Capping, err)
	}
}

func TestQuestionAboutLimitsGoesWrong(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		s := serve(t, simulator.Config{})
		c := link(t, s, ownPhone)
		s.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Refuse, Code: 429, Limit: 1})
		if _, err := c.asksReachout(within(t)); !errors.Is(err, whatsmeow.ErrIQRateOverLimit) {
			t.Errorf("got %v", err)
		}
		if _, err := c.asksReachout(within(t)); err != nil {
			t.Errorf("asking again: %v", err)
		}
	})
	t.Run("wrong inside", func(t *testing.T) {
		s := serve(t, simulator.Config{})
		c := link(t, s, ownPhone)
		s.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.BodyError, Code: 500})
		_, err := c.asksCapping(within(t))
		if inside := (types.GraphQLErrors)(nil); !errors.As(err, &inside) || inside[0].Extensions.ErrorCode != 500 || !inside[0].Extensions.IsRetryable {
			t.Errorf("got %v", err)
		}
	})
	t.Run("never answered", func(t *testing.T) {
		inBubble(t, simulator.Config{}, func(t *testing.T, s *simulator.Service, c *client) {
			s.Fault(simulator.Rule{On: simulator.Query, Query: "w:mex", Do: simulator.Silence})
			began := time.Now()
			if _, err := c.asksReachout(t.Context()); !errors.Is(err, whatsmeow.ErrIQTimedOut) || time.Since(began) < 75*time.Second {
				t.Errorf("got %v after %s", err, time.Since(began))
			}
		})
	})
}
