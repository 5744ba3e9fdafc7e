package tools

import (
	"context"
	"strings"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// guardedText is a text that only a guardrail reads.
type guardedText string

// Rule implements [operation.Ruled].
func (guardedText) Rule() operation.Rule {
	return operation.Rule{NotEmpty: true, File: true, Prose: true}
}

type guardrailsApplyInput struct {
	GuardrailName string      `json:"guardrail_name" jsonschema:"required" help:"Guardrail name" cli:"arg=1"`
	Text          guardedText `json:"text" jsonschema:"required" help:"Text to check" cli:"arg=2"`
	InputType     string      `json:"input_type" enum:"request,response" help:"Kind of text (default request)"`
	Language      string      `json:"language" help:"Language, such as en"`
	Entities      []string    `json:"entities" help:"Personal data to look for, such as EMAIL_ADDRESS"`
	operation.Extras
}

var guardrailsApply = &operation.Operation{
	Path:     "guardrails apply",
	Summary:  "Check a text with a guardrail and show the result",
	Help:     "The guardrail's provider may bill the check. A blocked text is an error with code blocked.",
	Examples: []string{`guardrails apply pii-filter "Write to ann@example.com"`, `guardrails apply pii-filter "Write to ann@example.com" --format text`},
	Effect:   operation.Write,
	Sends:    []string{"POST /guardrails/apply_guardrail"},
	Do:       operation.Func[guardrailsApplyInput](applyGuardrail),
	Columns:  []operation.Column{{Name: "response_text"}},
	Text:     "response_text",
	Done:     "guardrail {guardrail_name} let the text through",
}

// wholeCalls tells about kinds of guardrail whose check of a single text does nothing.
const wholeCalls = "The text is unchanged. Some types, such as lakera_v2 and tool_permission, check only model calls; for these, this result means nothing."

func applyGuardrail(ctx context.Context, call *operation.Call, in guardrailsApplyInput) (operation.Result, error) {
	body, err := call.Write(ctx, "POST", "/guardrails/apply_guardrail", call.Body())
	switch e := operation.AsError(err); {
	case e == nil:
	case e.Code == proxyclient.CodeNotFound:
		e.Message, e.Hint = "no guardrail has the name "+operation.Name(in.GuardrailName), "to see what exists, use {op:guardrails list}"
	case e.Code == proxyclient.CodeBlocked, e.Code == proxyclient.CodeInternal && blocksByCode(ctx, call, in.GuardrailName, e.Message):
		e.Code, e.Message = proxyclient.CodeBlocked, "guardrail "+operation.Name(in.GuardrailName)+" blocked the text: "+e.Message
	default:
		e.Hint = strings.TrimPrefix(e.Hint+"; the text was not checked", "; ")
	}
	if err != nil {
		return operation.Result{}, err
	}
	result := operation.Result{Body: body}
	switch left := operation.Lookup(body, "response_text"); {
	case left == nil: // of another response_format
	case operation.Word(left) == string(in.Text):
		call.Note(wholeCalls)
	default:
		result.Done = "guardrail " + operation.Name(in.GuardrailName) + " changed the text"
	}
	return result, nil
}

// blocksByCode reports whether an internal error is the verdict of custom code, which the
// gateway answers like a failure of its own.
func blocksByCode(ctx context.Context, call *operation.Call, name, message string) bool {
	thing, err := guardrailCollection.Find(ctx, call, name, "guardrail_name")
	kind := operation.Word(operation.Lookup(thing.Item, "litellm_params.guardrail"))
	return err == nil && kind == "custom_code" && !strings.HasPrefix(message, "Custom code guardrail")
}
