package sandbox

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A deployment whose name has a * serves every model whose name matches. Most lists show
// it as the models of its provider, all with its ID; /v2/model/info shows it as it is.

func isWildcard(model object) bool { return strings.Contains(text(model["model_name"]), "*") }

// expanded are the deployments as most lists show them, wildcards last.
func (c *call) expanded() []object {
	var out, wild []object
	for _, model := range c.Models {
		if unset(model) {
			continue // it is not served
		}
		if !isWildcard(model) {
			out = append(out, model)
			continue
		}
		offered := offers(text(params(model)["model"]))
		for _, name := range offered {
			wild = append(wild, as(model, strings.ReplaceAll(text(model["model_name"]), "*", name), name))
		}
		if len(offered) == 0 {
			wild = append(wild, model)
		}
	}
	return append(out, wild...)
}

// offers are the models of the provider that an upstream name such as openai/* means.
func offers(upstream string) []string {
	provider, name, _ := strings.Cut(upstream, "/")
	var out []string
	for known, row := range shapes()["known_models"] {
		known = strings.TrimPrefix(known, provider+"/")
		if row.(object)["litellm_provider"] == provider && (!strings.Contains(name, "*") || matches(name, known)) {
			out = append(out, known)
		}
	}
	slices.Sort(out)
	return out
}

func matches(pattern, name string) bool { return patternParts(pattern, name) != nil }

// patternParts is a name that a pattern matches and the texts in place of its *. The
// gateway does not look at what follows the pattern.
func patternParts(pattern, name string) []string {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `((?s:.*))`)).FindStringSubmatch(name)
}

// as is a wildcard deployment as the model of this name, with the upstream model that the
// text in place of the * leads to.
func as(model object, name, part string) object {
	one := maps.Clone(model)
	one["model_name"], one["of"] = name, model["model_name"]
	one["litellm_params"] = maps.Clone(params(model))
	params(one)["model"] = strings.ReplaceAll(text(params(model)["model"]), "*", part)
	return one
}

// serving is the deployment that answers calls to a model: its first one, or else the
// wildcard with the longest name that matches. It is nil if there is none.
func (c *call) serving(name string) object {
	if model := c.modelNamed(name); model != nil || name == "" {
		return model
	}
	var best object
	var part string
	for _, model := range c.Models {
		own := text(model["model_name"])
		if !isWildcard(model) || best != nil && len(own) <= len(text(best["model_name"])) {
			continue
		}
		if found := patternParts(own, name); found != nil {
			best, part = model, found[len(found)-1]
		}
	}
	if best == nil {
		return nil
	}
	return as(best, name, part)
}
