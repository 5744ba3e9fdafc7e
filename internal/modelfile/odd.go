package modelfile

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// referencePrefix begins a reference to the gateway's environment or secret manager.
const referencePrefix = "os.environ/"

func isReference(v Value) bool {
	return v.Kind == Text && strings.HasPrefix(v.Text, referencePrefix)
}

// almost are spellings of references that the gateway takes as text.
var almost = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(?:os\.environ[^/]|os\.environ$|os\.getenv|os\.env/|environ/|environ\[|os/environ|env\.|env/|\$\{\{?\s*[a-z_.]+\s*\}?\}$|\$[A-Z_][A-Z0-9_]*$|os\.environ/.*[\s"']|\s+os\.environ/|os\.environ/$)`)
})

// odd warns about values that the gateway takes for something else than they seem to be.
func (f *File) odd(model, path string, v Value) {
	warn := func(format string, args ...any) { f.Findings.add(Warning, v.Place, model, format, args...) }
	switch v.Kind {
	case List:
		for _, item := range v.Items {
			f.odd(model, path+"[]", item)
		}
	case Map:
		for _, m := range v.Members {
			f.odd(model, strings.TrimPrefix(path+"."+m.Name, "."), m.Value)
		}
	case Text:
		f.oddText(model, path, v)
	case Bool:
		name := path[strings.LastIndexByte(path, '.')+1:]
		if word := strings.ToLower(v.Source); word != "true" && word != "false" && word != "" && !slices.Contains(boolParams, name) {
			warn("%s: %s is %s to the gateway; put it in quotes if it is text", path, v.Source, v.Text)
		}
	case Date:
		if name, ok := strings.CutPrefix(path, "litellm_params."); !ok || !slices.Contains(textParams, name) {
			warn("%s: %s is a date to the gateway; models import sends it as text. Put it in quotes", path, v.Source)
		}
	case Int:
		if digits := strings.TrimLeft(v.Source, "+-"); strings.Contains(digits, ":") || len(digits) > 1 && digits[0] == '0' {
			warn("%s: %s is %s to the gateway; put it in quotes if it is text", path, v.Source, v.Text)
		}
	case Float:
		if strings.Contains(v.Source, ":") {
			warn("%s: %s is %s to the gateway; put it in quotes if it is text", path, v.Source, v.Text)
		}
	}
}

// oddText warns about text that was meant as a number or as a reference.
func (f *File) oddText(model, path string, v Value) {
	name, isParam := strings.CutPrefix(path, "litellm_params.")
	checked := isParam && (isPrice(name) || slices.Contains(wholeParams, name) || slices.Contains(numberParams, name) || slices.Contains(numericParams, name))
	switch {
	case almost().MatchString(v.Text):
		f.Findings.add(Warning, v.Place, model, "%s looks like a reference, but is text to the gateway; write os.environ/NAME", path)
	case isReference(v) && (!isParam || strings.ContainsAny(name, ".[")) && !strings.HasPrefix(path, "credential_values."):
		f.Findings.add(Warning, v.Place, model, "%s is not resolved when the model is added: only parameters directly under litellm_params are", path)
	case v.Source != "" && !checked && exponent().MatchString(v.Source):
		f.Findings.add(Warning, v.Place, model, "%s: %s is text to the gateway%s", path, v.Source, numberHint(v))
	}
}

// exponent is a number in the notation that YAML 1.1 does not know.
var exponent = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[-+]?[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+$`)
})
