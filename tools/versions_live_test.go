package tools

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"litellm-proxy/internal/operation"
	"litellm-proxy/proxyclient"
)

// honest are the failures of a read that the caller can do something about.
var honest = []proxyclient.Code{proxyclient.CodeInvalid, proxyclient.CodeForbidden,
	proxyclient.CodeNotFound, proxyclient.CodeEnterprise, proxyclient.CodeUnsupported}

// TestLiveVersions runs every read on the gateway, whatever its version, with made-up
// identifiers where it needs some. Each answers, or fails with a code that says why.
func TestLiveVersions(t *testing.T) {
	env, prefix := live(t)
	version, err := env.Client.Version(t.Context())
	if err != nil || version == "" {
		t.Fatal(version, err)
	}
	var wait sync.WaitGroup
	turns := make(chan struct{}, 8)
	for _, op := range All() {
		if op.Effect != operation.Read {
			continue
		}
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			result, err := run(t.Context(), env, op, madeUp(op, prefix))
			e := operation.AsError(err)
			switch {
			case err == nil:
				shown(t, op, result)
			case e == nil || !slices.Contains(honest, e.Code):
				t.Errorf("%s: %s: %v", op.Path, proxyclient.CodeOf(err), err)
			case e.Code == proxyclient.CodeUnsupported && strings.Contains(e.Message, "no route") && !strings.Contains(e.Message, "LiteLLM "+version):
				t.Errorf("%s does not name the version: %v", op.Path, err)
			}
			t.Logf("%s: %v", op.Path, err)
		})
	}
	wait.Wait()
}

// shown reports the identifiers that the items of a list lack, and a list whose items have
// none of the columns. Other columns may be missing: a gateway leaves out what is not set.
func shown(t *testing.T, op *operation.Operation, result operation.Result) {
	if result.Page == nil || len(result.Page.Items) == 0 || len(op.Columns) == 0 {
		return
	}
	missing := func(column operation.Column) bool {
		return !slices.ContainsFunc(result.Page.Items, func(item json.RawMessage) bool { return hasColumn(item, column) })
	}
	all := true
	for _, column := range op.Columns {
		if column.Optional || result.Page.Columns != nil && !slices.Contains(result.Page.Columns, column.Name) {
			continue
		}
		lacks := missing(column)
		all = all && lacks
		switch {
		case lacks && column.ID:
			t.Errorf("%s: no item has the identifier %s", op.Path, column.Name)
		case lacks:
			t.Logf("%s: no item has the column %s", op.Path, column.Name)
		}
	}
	if all {
		t.Errorf("%s: no item has any column", op.Path)
	}
}

// hasColumn reports whether an item has the member of a column, or something above it that
// is null or a list.
func hasColumn(item json.RawMessage, column operation.Column) bool {
	for path := range strings.SplitSeq(cmp.Or(column.Field, column.Name), "|") {
		value, has := item, true
		for name := range strings.SplitSeq(path, ".") {
			members := map[string]json.RawMessage{}
			if json.Unmarshal(value, &members) != nil || members == nil {
				break
			}
			if value, has = members[name]; !has {
				break
			}
		}
		if has {
			return true
		}
	}
	return false
}

// alternatives are arguments of reads that need one of several, or something that exists.
var alternatives = map[string]operation.Args{
	"api describe":             argsOf(map[string]any{"endpoint": "/key/list"}),
	"api read":                 argsOf(map[string]any{"path": "/key/list"}),
	"models get":               argsOf(map[string]any{"id": "none"}),
	"policies attach-estimate": argsOf(map[string]any{"teams": []string{"none"}}),
	"spend calculate":          argsOf(map[string]any{"model": "none", "prompt_tokens": 1, "completion_tokens": 1}),
	"utils token-count":        argsOf(map[string]any{"prompt": "none"}),
}

// madeUp returns arguments for the fields that an operation needs.
func madeUp(op *operation.Operation, prefix string) operation.Args {
	args, fields := operation.Args{}, op.Fields()
	maps.Copy(args, alternatives[op.Path])
	add := func(f operation.Field) {
		var value any = prefix
		switch {
		case len(f.Enum) > 0 && f.Kind == operation.KindStrings:
			value = f.Enum[:1]
		case len(f.Enum) > 0:
			value = f.Enum[0]
		case f.Kind == operation.KindInteger, f.Kind == operation.KindNumber:
			value = 1
		case f.Kind == operation.KindBoolean:
			value = true
		case f.Kind == operation.KindStrings:
			value = []string{prefix}
		case f.Kind == operation.KindObject, f.Kind == operation.KindPairs, f.Kind == operation.KindJSON:
			value = map[string]any{}
		case f.Kind == operation.KindMessages:
			value = []map[string]string{{"role": "user", "content": prefix}}
		case strings.HasSuffix(f.Name, "_date"):
			value = "2026-01-01"
		}
		if args[f.Name] == nil {
			args[f.Name] = operation.Encode(value)
		}
	}
	for _, f := range fields {
		if f.Required {
			add(f)
		}
	}
	return args
}
