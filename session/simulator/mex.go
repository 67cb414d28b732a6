package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	wire "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// The documents that a client may ask for by "w:mex", as the service's own
// client names them.
const (
	reachoutDocument = "23983697327930364" // may the number begin new chats
	cappingDocument  = "27910975521856601" // how many it may begin
	cappingBefore    = "24503548349331633" // the same, under an older name
)

// The two names under which the number's limits are told: when it asks, and
// when they change.
const (
	reachoutField  = "xwa2_fetch_account_reachout_timelock"
	reachoutNotice = "xwa2_notify_account_reachout_timelock"
	cappingField   = "xwa2_message_capping_info"
	cappingNotice  = "xwa2_notify_new_chat_messages_capping_info_update"
)

// reachout is what the service says of a restriction. Times are unix seconds,
// written as text.
type reachout struct {
	Type   string `json:"enforcement_type"`
	Active bool   `json:"is_active"`
	Ends   string `json:"time_enforcement_ends"`
}

func (a *account) reachout(now time.Time) reachout {
	if !a.restricted.After(now) {
		return reachout{Type: "DEFAULT", Ends: "0"}
	}
	return reachout{Type: "RESTRICT_ALL_COMPANIONS", Active: true, Ends: unix(a.restricted)}
}

// capping is what the service says of the new chats that a number may begin.
// Times are unix seconds, written as text.
type capping struct {
	Status string `json:"capping_status"` // "NONE", "FIRST_WARNING", "SECOND_WARNING", "CAPPED"
	Total  int    `json:"total_quota"`    // -1: as many as it likes
	Used   int    `json:"used_quota"`
	Begins string `json:"cycle_start_timestamp"`
	Ends   string `json:"cycle_end_timestamp"`
	Sent   string `json:"server_sent_timestamp"`
	OTE    string `json:"ote_status"` // whether the number may buy more, in two ways
	MV     string `json:"mv_status"`
}

func (a *account) capping(now time.Time) capping {
	q := a.quota
	c := capping{
		Status: q.status(), Total: -1, Begins: "0", Ends: "0", Sent: unix(now), OTE: "NOT_ELIGIBLE", MV: "NOT_ELIGIBLE",
	}
	if q.total > 0 {
		c.Total, c.Used, c.Begins, c.Ends = q.total, q.used, unix(q.begins), unix(q.ends)
	}
	return c
}

// document is what a field of a "w:mex" answer or notice looks like.
func document(field string, value any) []byte {
	data, err := json.Marshal(map[string]any{"data": map[string]any{field: value}})
	if err != nil {
		panic(fmt.Sprintf("write the document %s: %v", field, err)) // our own types
	}
	return data
}

// mex answers a question in GraphQL. A document that the service does not know
// is answered with no data.
func (l *link) mex(n *wire.Node, fault *Rule) wire.Node {
	query := n.GetChildByTag("query")
	a, now := l.companion.account, time.Now()
	body := []byte(`{"data":{}}`)
	switch textOf(&query, "query_id") {
	case reachoutDocument:
		body = document(reachoutField, a.reachout(now))
	case cappingDocument, cappingBefore:
		body = document(cappingField, a.capping(now))
	default:
		l.s.didNotUnderstand("document " + textOf(&query, "query_id"))
	}
	if fault.Do == BodyError {
		body = graphError(fault.Code, fault.Text)
	}
	return result(textOf(n, "id"), wire.Node{Tag: "result", Content: body})
}

// graphError is an answer that was given, and says that it went wrong.
func graphError(code int, text string) []byte {
	data, err := json.Marshal(map[string]any{"data": nil, "errors": []any{map[string]any{
		"message": cmp.Or(text, usualText(code)), "path": []string{},
		"extensions": map[string]any{"error_code": code, "is_summary": true, "is_retryable": code >= 500, "severity": "CRITICAL"},
	}}})
	if err != nil {
		panic("write an error of a document: " + strconv.Itoa(code)) // our own types
	}
	return data
}

// tell sends a notice of a "w:mex" document to every client. The lock must be
// held.
func (a *account) tell(operation, field string, value any) {
	for _, c := range a.linked() {
		c.push(wire.Node{
			Tag:   "notification",
			Attrs: wire.Attrs{"from": types.ServerJID, "type": "mex", "id": a.phone.s.id("mex-"), "t": a.phone.s.stamp()},
			Content: []wire.Node{{
				Tag: "update", Attrs: wire.Attrs{"op_name": operation}, Content: document(field, value),
			}},
		})
	}
}

// tellReachout says what the number may do now.
func (a *account) tellReachout() {
	a.tell("NotificationUserReachoutTimelockUpdate", reachoutNotice, a.reachout(time.Now()))
}

// tellCapping says how many new chats the number has begun.
func (a *account) tellCapping() {
	a.tell("MessageCappingInfoNotification", cappingNotice, a.capping(time.Now()))
}
