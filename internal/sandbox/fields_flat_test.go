package sandbox_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// flat is an answer as paths and values, without what differs from run to run.
func (r *fieldRun) flat(body any, saved map[string]string) map[string]string {
	into := map[string]string{}
	if problems, is := dig(body, "detail"); is && isList(problems) {
		body = byPlace(problems.([]any))
	}
	flatten(into, "", inOrder(body), false)
	names := strings.NewReplacer(saved["id"], "<id>", r.id, "<run>")
	out := map[string]string{}
	for path, value := range into {
		if strings.Contains(path, "access_via_team_ids") { // those of all teams there are
			continue
		}
		value = generatedName.ReplaceAllString(ciphertext.ReplaceAllString(names.Replace(value), "<encrypted>"), "<made>")
		if strings.HasSuffix(path, "litellm_model_table.id") || strings.HasSuffix(path, "model_id") {
			value = counter.ReplaceAllString(value, "<count>")
		}
		out[names.Replace(path)] = value
	}
	return out
}

var (
	// ciphertext is a stored parameter of a model, as the answer to its write shows it.
	ciphertext    = regexp.MustCompile(`[A-Za-z0-9_-]{44,}={0,2}`)
	generatedName = regexp.MustCompile(`[0-9a-f]{32}`)
	counter       = regexp.MustCompile(`^Number \d+$`)
)

// inOrder sorts the lists that a real gateway answers in any order.
func inOrder(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name := range value {
			value[name] = inOrder(value[name])
		}
	case []any:
		slices.SortStableFunc(value, func(a, b any) int {
			x, _ := dig(a, "user_id")
			y, _ := dig(b, "user_id")
			return strings.Compare(fmt.Sprint(x), fmt.Sprint(y))
		})
		for i := range value {
			value[i] = inOrder(value[i])
		}
	}
	return value
}

func isList(value any) bool {
	_, is := value.([]any)
	return is
}

// byPlace are the problems of a 422 by the field they are about.
func byPlace(problems []any) map[string]any {
	out := map[string]any{}
	for _, problem := range problems {
		place, _ := dig(problem, "loc")
		kind, _ := dig(problem, "type")
		message, _ := dig(problem, "msg")
		out[strings.Join(strings.Fields(strings.Trim(fmt.Sprint(place), "[]")), "/")] = fmt.Sprintf("%v: %v", kind, message)
	}
	return out
}

// changes are the paths whose value is another one, or gone.
func changes(before, after map[string]string) map[string]string {
	changed := map[string]string{}
	for path, value := range after {
		if before[path] != value && !late(path) {
			changed[path] = value
		}
	}
	for path := range before {
		if _, still := after[path]; !still {
			changed[path] = "gone"
		}
	}
	return changed
}
