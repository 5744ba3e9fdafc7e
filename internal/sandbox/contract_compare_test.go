package sandbox_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compare reports where the sandbox's answer is not the real gateway's.
func compare(t *testing.T, one step, ours, theirs answer) {
	t.Helper()
	if found := mismatches(one, ours, theirs); len(found) > 0 {
		t.Errorf("%s %s %s:\n\t%s", one.method, one.path, one.body, strings.Join(found[:min(len(found), 1000)], "\n\t"))
	}
}

// mismatches are where two answers to a step differ, here and there.
func mismatches(one step, ours, theirs answer) (found []string) {
	if ours.status != theirs.status {
		found = append(found, fmt.Sprintf("status %d, the real gateway answers %d", ours.status, theirs.status))
	}
	if a, b := mediaType(ours), mediaType(theirs); a != b {
		found = append(found, fmt.Sprintf("Content-Type %s, the real gateway's is %s", a, b))
	}
	for _, name := range []string{"X-Litellm-Version", "X-Litellm-Model-Id", "X-Litellm-Model-Group", "X-Litellm-Response-Cost", "X-Litellm-Call-Id", "X-Litellm-Key-Spend", "Retry-After", "Www-Authenticate"} {
		if a, b := ours.header.Get(name), theirs.header.Get(name); (a == "") != (b == "") {
			found = append(found, fmt.Sprintf("header %s is %q, the real gateway's is %q", name, a, b))
		}
	}
	if mediaType(theirs) == "text/event-stream" {
		if a, b := events(ours.text), events(theirs.text); a != b {
			found = append(found, fmt.Sprintf("stream\n%s\nthe real gateway sends\n%s", a, b))
		}
		return found
	}
	found = append(found, differentValues(one, ours.body, theirs.body)...)
	if one.dates {
		found = append(found, resets(ours.body, theirs.body)...)
	}
	return found
}

// differentValues are the values that differ, by their paths.
func differentValues(one step, ours, theirs any) (found []string) {
	a, b := map[string]string{}, map[string]string{}
	flatten(a, "", ours, one.others)
	flatten(b, "", theirs, one.others)
	paths := slices.Collect(maps.Keys(a))
	for path := range b {
		if _, both := a[path]; !both {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		x, weHave := a[path]
		y, theyHave := b[path]
		switch {
		case ignored(path, one.ignore) || x == y && weHave && theyHave:
		case weHave && theyHave && late(path) && (isNothing(x) || isNothing(y)):
		case one.others && (!theyHave && variant(b, path) || !weHave && variant(a, path)):
		case !theyHave:
			found = append(found, fmt.Sprintf("%s is %s here only", path, x))
		case !weHave:
			found = append(found, fmt.Sprintf("%s is %s there only", path, y))
		case one.others && (strings.Contains(x, "null") || strings.Contains(y, "null")):
		default:
			found = append(found, fmt.Sprintf("%s is %s, there %s", path, x, y))
		}
	}
	return found
}

// resets are the times at which budgets start again that differ, here and there. Answers
// of two moments may lie on the two sides of a full hour, so only their days count.
func resets(ours, theirs any) (differences []string) {
	for _, path := range []string{"budget_reset_at", "data.budget_reset_at"} {
		a, _ := dig(ours, path)
		b, _ := dig(theirs, path)
		day := func(v any) string { s := fmt.Sprint(v); return s[:min(len(s), len("2026-01-01"))] }
		if day(a) != day(b) {
			differences = append(differences, fmt.Sprintf("%s is %v, there %v", path, a, b))
		}
	}
	return differences
}

// events is a stream with the members of each event in one order.
func events(stream string) string {
	var out strings.Builder
	for line := range strings.Lines(stream) {
		var event any
		if data, is := strings.CutPrefix(line, "data: "); is && json.Unmarshal([]byte(data), &event) == nil {
			encoded, _ := json.Marshal(event)
			line = "data: " + string(encoded) + "\n"
		}
		out.WriteString(normal(line))
	}
	return strings.TrimSpace(out.String())
}

// variant reports whether path is there as another type, or as a list whose
// items are not, so that a list of other people's things is no difference.
func variant(in map[string]string, path string) bool {
	base := strings.TrimRight(path, "[]{}")
	for _, form := range []string{"", "[]", "{}"} {
		if _, is := in[base+form]; is {
			return true
		}
	}
	for i := strings.LastIndexByte(base, '.'); i > 0; i = strings.LastIndexByte(base[:i], '.') {
		_, isList := in[base[:i]+"[]"]
		if kind := in[base[:i]]; isList || kind == "null" {
			return true
		}
	}
	return false
}

func ignored(path string, ignore []string) bool {
	if strings.HasSuffix(path, "total_response_time_ms") { // how long it took
		return true
	}
	return slices.ContainsFunc(ignore, func(prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+".") })
}

// late reports whether path is what a real gateway writes some seconds after the
// request that changed it, so that an answer in between may or may not have it.
func late(path string) bool {
	return path == "last_active" || strings.HasSuffix(path, ".last_active")
}

// isNothing reports whether a flattened value is one that was never written.
func isNothing(value string) bool { return value == "null" || strings.HasPrefix(value, "null ") }

func mediaType(a answer) string {
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return kind
}

// flatten maps each path in value to its value, or to its JSON type when only
// the shape counts; then all items of a list share one path.
func flatten(into map[string]string, path string, value any, shape bool) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch value := value.(type) {
	case map[string]any:
		into[path+"{}"] = "object"
		for name, item := range value {
			flatten(into, join(name), item, shape)
		}
	case []any:
		into[path+"[]"] = "array"
		for i, item := range value {
			if shape {
				flatten(into, join("*"), item, true)
				continue
			}
			flatten(into, join(strconv.Itoa(i)), item, false)
		}
	default:
		if shape {
			into[path] = kind(value)
			return
		}
		text := fmt.Sprint(value)
		if number, is := value.(json.Number); is {
			f, _ := number.Float64()
			text = strconv.FormatFloat(f, 'g', 12, 64)
		}
		into[path] = kind(value) + " " + normal(text)
	}
}

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	}
	return reflect.TypeOf(value).Name()
}

var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<hash>"},
	{regexp.MustCompile(`sk-\.\.\.[A-Za-z0-9_-]{4}`), "<masked>"},
	{regexp.MustCompile(`sk-[A-Za-z0-9_-]{22}\b`), "<key>"},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?`), "<time>"},
	{regexp.MustCompile(`"created": ?\d+`), `"created":0`},
	{regexp.MustCompile(`^1\.?\d{5,9}(e\+09)?$`), "<seconds>"},
	// What follows depends on whether the gateway ever had a fallback.
	{regexp.MustCompile(`failed with the error above[^"]*`), "failed with the error above"},
}

// normal masks what differs from run to run.
func normal(text string) string {
	for _, mask := range masks {
		text = mask.pattern.ReplaceAllString(text, mask.with)
	}
	return text
}
