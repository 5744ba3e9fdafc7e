package tools

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// handMade is a number with a fixed plural, a plural glued to a placeholder, or "(s)". Bounds
// ("at most %d items"), and sizes in bytes and characters, are never one.
var (
	handMade = regexp.MustCompile(`((?:\w+ ){0,2})%d (?:[a-z]+ ){0,2}?([a-z]{2,}s)\b|%(?:\[\d\])?ss\b|[a-z]\(s\)`)
	bound    = regexp.MustCompile(`(?:than|most|least) $`)
	size     = regexp.MustCompile(`^(?:bytes|characters|is|has|was|does|less|this|its|as)$`)
)

// TestCountsHaveNouns: the noun behind a number comes from package plural.
func TestCountsHaveNouns(t *testing.T) {
	// What the gateway says, units of time of another library, and letters that make no plural.
	theirs := []string{"../internal/sandbox/", "../internal/output/human.go", "the model id(s) ['", "http(s)://"}
	letters := []string{"../internal/plural/", "../internal/cli/live.go", "../internal/config/config.go"}
	for _, f := range sources(t, "*.go", "../internal/*/*.go", "../proxyclient/*.go", "../prompts/*.go") {
		ast.Inspect(f.File, func(n ast.Node) bool {
			if sum, ok := n.(*ast.BinaryExpr); ok && sum.Op == token.ADD && literal(sum.Y) == "s" && !hasAny(f.name, letters) {
				if _, fixed := sum.X.(*ast.BasicLit); !fixed {
					t.Errorf("%s: an s is added to a noun; use plural.Of", f.name)
				}
			}
			text := literal(n)
			for _, found := range handMade.FindAllStringSubmatch(text, -1) {
				if bound.MatchString(found[1]) || size.MatchString(found[2]) || hasAny(f.name+text, theirs) {
					continue
				}
				t.Errorf("%s: %q in %q has a plural for every number; use plural.Count", f.name, found[0], text)
			}
			return true
		})
	}
}

func literal(n ast.Node) string {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(lit.Value)
	return text
}

func hasAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
