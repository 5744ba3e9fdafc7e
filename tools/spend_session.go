package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"litellm-proxy/internal/operation"
	"litellm-proxy/internal/secret"
	"litellm-proxy/proxyclient"
)

// sessionCollection is the requests of one session.
var sessionCollection = &operation.Collection{
	What: "request", Path: "/spend/logs/session/ui", Items: "data", Total: "total", Pages: "total_pages",
	Page: "page", Size: "page_size", ID: "request_id",
}

type spendSessionInput struct {
	SessionID    string           `json:"session_id" jsonschema:"required" help:"Session ID, from {op:spend logs} or the coding agent" cli:"arg=1"`
	Bodies       *operation.Limit `json:"bodies" help:"Include bodies, in JSON or with --columns: those of this many latest requests and of failed ones (default none)" cli:"alias=recent-bodies"`
	MaxBodyChars operation.Count  `json:"max_body_chars" help:"Characters to show of a body (default 20000)"`
}

var spendSession = &operation.Operation{
	Path:    "spend session",
	Summary: "Show the requests of one session: models, cost, tokens, errors and totals",
	Help: "For chats and coding agents that name their session. A request appears some seconds after it was made. " +
		"The gateway keeps bodies only with general_settings.store_prompts_in_spend_logs: true.",
	Examples: []string{
		"spend session e96634a3-fa28-4083-b354-55542e2dca01",
		"spend session e96634a3-fa28-4083-b354-55542e2dca01 --bodies 3 --format json",
	},
	Effect: operation.Read,
	Sends:  []string{"GET /spend/logs/session/ui"},
	Part:   ownPart,
	Do:     operation.Rows[spendSessionInput](showSession),
	Columns: []operation.Column{
		{Name: "time", Format: operation.Time},
		{Name: "request_id", ID: true},
		{Name: "model"},
		{Name: "spend", Format: operation.Dollars},
		{Name: "prompt_tokens"},
		{Name: "completion_tokens"},
		{Name: "duration_ms"},
		{Name: "status"},
		{Name: "error"},
		{Name: "upstream_model", Optional: true},
		{Name: "provider", Optional: true},
		{Name: "api_base", Optional: true},
		{Name: "call_type", Optional: true},
		{Name: "request"},
		{Name: "response"},
	},
}

// sessionColumns are those of a table: a body does not fit into one.
var sessionColumns = strings.Fields("time request_id model spend prompt_tokens completion_tokens duration_ms status error")

// logged is a row of the request log, as far as a session shows it.
type logged struct {
	RequestID string          `json:"request_id"`
	Start     string          `json:"startTime"`
	End       string          `json:"endTime"`
	Model     string          `json:"model"`
	Group     string          `json:"model_group"`
	Provider  string          `json:"custom_llm_provider"`
	APIBase   string          `json:"api_base"`
	CallType  string          `json:"call_type"`
	Spend     float64         `json:"spend"`
	Prompt    int             `json:"prompt_tokens"`
	Answer    int             `json:"completion_tokens"`
	Status    string          `json:"status"`
	Metadata  json.RawMessage `json:"metadata"`
}

func (l *logged) failed() bool {
	return cmp.Or(l.Status, operation.Word(operation.Lookup(l.Metadata, "status"))) == "failure"
}

// reason is why the request failed: code, class and message.
func (l *logged) reason() string {
	if !l.failed() {
		return ""
	}
	var words []string
	for _, name := range []string{"error_code", "error_class", "error_message"} {
		if word := operation.Word(operation.Lookup(l.Metadata, "error_information."+name)); word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// millis is the time from the request to the end of the answer.
func (l *logged) millis() any {
	start, err1 := time.Parse(time.RFC3339, l.Start)
	end, err2 := time.Parse(time.RFC3339, l.End)
	if err1 != nil || err2 != nil || end.Before(start) {
		return nil
	}
	return end.Sub(start).Milliseconds()
}

func showSession(ctx context.Context, call *operation.Call, in spendSessionInput) (operation.Result, error) {
	var found []logged
	for item, err := range sessionCollection.All(ctx, call, url.Values{"session_id": {in.SessionID}}) {
		if err != nil {
			return operation.Result{}, err
		}
		var row logged
		if err := json.Unmarshal(item, &row); err != nil {
			return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeBadAnswer, Message: "a request of the session cannot be read: " + err.Error()}
		}
		found = append(found, row)
	}
	if len(found) == 0 {
		return operation.Result{}, &proxyclient.Error{Code: proxyclient.CodeNotFound,
			Message: "session " + operation.Shown(in.SessionID) + " has no requests that your key may read",
			Hint:    "a new request appears after some seconds; {op:spend logs} lists requests with their session_id"}
	}
	slices.SortStableFunc(found, func(a, b logged) int { return cmp.Compare(a.Start, b.Start) })
	rows := make([]operation.Row, len(found))
	for i, l := range found {
		rows[i] = operation.RowOf("time", l.Start, "request_id", l.RequestID, "model", cmp.Or(l.Group, l.Model), "spend", l.Spend,
			"prompt_tokens", l.Prompt, "completion_tokens", l.Answer, "duration_ms", l.millis(), "status", cmp.Or(l.Status, "success"), "error", l.reason(),
			"upstream_model", l.Model, "provider", l.Provider, "api_base", l.APIBase, "call_type", l.CallType)
		if in.Bodies == nil || l.RequestID == "" || !l.failed() && i < len(found)-int(*in.Bodies) {
			continue
		}
		bodies, err := readBodies(ctx, call, l.RequestID, cmp.Or(int(in.MaxBodyChars), 20000))
		if err != nil {
			return operation.Result{}, err
		}
		rows[i] = append(rows[i], bodies...)
		call.Progress(i+1, len(found))
	}
	about, notes := sessionTotals(in.SessionID, found)
	return operation.Listed(about, rows, len(rows), sessionColumns, notes), nil
}

// sessionTotals adds up the requests.
func sessionTotals(id string, found []logged) (about operation.Row, notes []string) {
	var models []string
	var spend float64
	prompt, answer, failed := 0, 0, 0
	first, last := found[0].Start, found[0].End
	for _, l := range found {
		models = append(models, operation.Shown(cmp.Or(l.Group, l.Model)))
		spend, prompt, answer = spend+l.Spend, prompt+l.Prompt, answer+l.Answer
		last = max(last, l.End)
		if l.failed() {
			failed++
		}
	}
	models = operation.Unique(models)
	about = operation.RowOf("session_id", operation.Shown(id), "requests", len(found), "failed", failed, "spend", spend, "prompt_tokens", prompt,
		"completion_tokens", answer, "total_tokens", prompt+answer, "models", models, "start", first, "end", last)
	return about, []string{fmt.Sprintf("%s, %d failed; %s US dollars; %s in, %d out; models: %s",
		operation.Counted(len(found), "request"), failed, amount(math.Round(spend*1e9)/1e9), operation.Counted(prompt, "token"), answer, strings.Join(models, ", "))}
}

// readBodies reads what a request sent and got. The gateway may not keep it.
func readBodies(ctx context.Context, call *operation.Call, id string, most int) ([]operation.Member, error) {
	body, err := call.Read(ctx, proxyclient.Request{Path: "/spend/logs/ui/{request_id}", Params: map[string]string{"request_id": id}})
	if err != nil {
		return nil, proxyclient.Wrap("request "+id, err)
	}
	sent := operation.Lookup(body, "proxy_server_request")
	if isNone(sent) {
		sent = operation.Lookup(body, "messages")
	}
	got := operation.Lookup(body, "response")
	if isNone(sent) && isNone(got) {
		call.Note("The gateway has no bodies of some requests; it keeps them with general_settings.store_prompts_in_spend_logs: true.")
		return nil, nil
	}
	redactor := call.Client().Redactor()
	return []operation.Member{{Name: "request", Value: cutBody(ctx, redactor, sent, most)}, {Name: "response", Value: cutBody(ctx, redactor, got, most)}}, nil
}

// cutBody is a body, or if it is longer than that the first characters of it as a text.
// Secrets are masked before: half a secret is not recognized.
func cutBody(ctx context.Context, redactor secret.Redactor, body json.RawMessage, most int) any {
	if utf8.RuneCount(body) <= most {
		return body
	}
	masked, err := redactor.JSON(ctx, body)
	if err != nil {
		return nil
	}
	runes := []rune(string(secret.Compact(masked)))
	if len(runes) <= most {
		return json.RawMessage(masked)
	}
	return fmt.Sprintf("%s... (%d more characters)", string(runes[:most]), len(runes)-most)
}
