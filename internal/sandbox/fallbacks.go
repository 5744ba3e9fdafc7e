package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// fallbackKinds are the kinds of fallbacks by their names in the router's settings.
var fallbackKinds = map[string]string{"fallbacks": "general", "context_window_fallbacks": "context_window", "content_policy_fallbacks": "content_policy"}

// fallbackRow is where the fallbacks of a model are kept, nil if it has none.
func (c *call) fallbackRow(name, kind string) object {
	for _, row := range c.Fallbacks {
		if row["model"] == name && row["kind"] == kind {
			return row
		}
	}
	return nil
}

// fallbacksOf are the models that are tried when one fails; * stands for any model.
func (c *call) fallbacksOf(name, kind string) []string {
	row := c.fallbackRow(name, kind)
	if row == nil {
		row = c.fallbackRow("*", kind)
	}
	return list(row["models"])
}

func fallbackKind(kind string) string { return or2(kind, "general") }

func noFallback(kind, name string) *reply {
	return detailError(http.StatusNotFound, fmt.Sprintf("No %s fallbacks configured for model '%s'", kind, name))
}

func setFallback(c *call) *reply {
	if bad := c.read("model!:str fallback_models!:list fallback_type:general|context_window|content_policy"); bad != nil {
		return bad
	}
	name, kind, given := text(c.body["model"]), fallbackKind(text(c.body["fallback_type"])), list(c.body["fallback_models"])
	var known, unknown []string
	for _, model := range c.Models {
		known = append(known, text(model["model_name"]))
	}
	slices.Sort(known)
	if c.modelNamed(name) == nil {
		return detail(http.StatusNotFound, object{"error": "Model '" + name + "' not found in router", "available_models": slices.Compact(known)})
	}
	for _, other := range given {
		if !slices.Contains(known, other) {
			unknown = append(unknown, other)
		}
	}
	switch {
	case unknown != nil:
		return detail(http.StatusBadRequest, object{"error": "Invalid fallback models: " + pyList(unknown), "available_models": slices.Compact(known)})
	case slices.Contains(given, name):
		return detailError(http.StatusBadRequest, "Model '"+name+"' cannot be its own fallback")
	}
	c.keepFallback(name, kind, given)
	return ok(object{"model": name, "fallback_models": given, "fallback_type": kind, "message": "Fallback configuration created successfully"})
}

func (c *call) keepFallback(name, kind string, models []string) {
	if row := c.fallbackRow(name, kind); row != nil {
		row["models"] = models
		return
	}
	c.hasFallbacks(kind)
	c.Fallbacks = append(c.Fallbacks, object{"model": name, "kind": kind, "models": models})
}

// hasFallbacks keeps that there is a list of fallbacks of a kind, as a row of no model: an
// empty list is not the same as none.
func (c *call) hasFallbacks(kind string) {
	for _, row := range c.Fallbacks {
		if row["kind"] == kind {
			return
		}
	}
	c.Fallbacks = append(c.Fallbacks, object{"model": nil, "kind": kind})
}

func getFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	models := c.fallbacksOf(name, kind)
	if len(models) == 0 {
		return noFallback(kind, name)
	}
	return ok(object{"model": name, "fallback_models": models, "fallback_type": kind})
}

func deleteFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	row := c.fallbackRow(name, kind)
	if row == nil {
		return noFallback(kind, name)
	}
	c.Fallbacks = slices.DeleteFunc(c.Fallbacks, func(one object) bool { return one["model"] == name && one["kind"] == kind })
	return ok(object{"model": name, "fallback_type": kind, "message": "Fallback configuration deleted successfully"})
}
