package sandbox

import (
	"fmt"
	"net/http"
	"slices"
)

// fallbackOf is where a model's fallbacks are kept: with its first deployment.
func (c *call) fallbackOf(name, kind string) (model object, models []string) {
	model = c.modelNamed(name)
	if model == nil {
		return nil, nil
	}
	kept, _ := model["fallbacks"].(object)
	return model, list(kept[kind])
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
	model, _ := c.fallbackOf(name, kind)
	if model == nil {
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
	kept, _ := model["fallbacks"].(object)
	if kept == nil {
		kept = object{}
	}
	kept[kind] = given
	model["fallbacks"] = kept
	return ok(object{"model": name, "fallback_models": given, "fallback_type": kind, "message": "Fallback configuration created successfully"})
}

func getFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	_, models := c.fallbackOf(name, kind)
	if len(models) == 0 {
		return noFallback(kind, name)
	}
	return ok(object{"model": name, "fallback_models": models, "fallback_type": kind})
}

func deleteFallback(c *call) *reply {
	name, kind := c.param["model"], fallbackKind(c.query.Get("fallback_type"))
	model, models := c.fallbackOf(name, kind)
	if len(models) == 0 {
		return noFallback(kind, name)
	}
	delete(model["fallbacks"].(object), kind)
	return ok(object{"model": name, "fallback_type": kind, "message": "Fallback configuration deleted successfully"})
}
