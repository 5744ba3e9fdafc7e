package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// settingsOf is the list of fallbacks of a kind as the router's settings have it, nil if
// there was never one.
func (c *call) settingsOf(kind string) any {
	out, set := []object{}, false
	for _, row := range c.Fallbacks {
		if row["kind"] != kind {
			continue
		}
		if set = true; row["model"] != nil {
			out = append(out, object{text(row["model"]): row["models"]})
		}
	}
	if !set {
		return nil
	}
	return out
}

// routerSettings shows how models are chosen; of the settings, only the fallbacks change.
func routerSettings(c *call) *reply {
	shape := shapes()["router_settings"]
	current, source := maps.Clone(shape["current_values"].(object)), maps.Clone(shape["source"].(object))
	var fields []object
	for _, field := range shape["fields"].([]any) {
		field := maps.Clone(field.(object))
		if kind, is := fallbackKinds[text(field["field_name"])]; is {
			field["field_value"] = c.settingsOf(kind)
			current[text(field["field_name"])] = field["field_value"]
			if field["field_value"] != nil {
				source[text(field["field_name"])] = "db"
			}
		}
		fields = append(fields, field)
	}
	return ok(view("router_settings", object{}, "fields", fields, "current_values", current, "source", source))
}

// updateConfig changes the fallbacks of the router's settings. What else a real gateway
// takes is refused by name.
func updateConfig(c *call) *reply {
	if bad := c.read("router_settings:dict"); bad != nil {
		return bad
	}
	for _, section := range []string{"litellm_settings", "general_settings", "environment_variables"} {
		if fields, _ := c.body[section].(object); len(fields) > 0 {
			return unsupported(section)
		}
	}
	settings, _ := c.body["router_settings"].(object)
	var known, unknown []string
	for _, field := range shapes()["router_settings"]["fields"].([]any) {
		known = append(known, text(field.(object)["field_name"]))
	}
	var problems []any
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if _, is := fallbackKinds[name]; is {
			problems = append(problems, badFallbacks(name, settings[name])...)
		} else if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return fail(http.StatusBadRequest, "invalid_request_error", nil, pyDict("error",
			fmt.Sprintf("Unsupported router settings: %s are not valid router settings", strings.Join(unknown, ", "))))
	}
	if problems != nil {
		return invalid(problems...)
	}
	for name, value := range settings {
		if _, is := fallbackKinds[name]; !is && value != nil {
			return unsupported("router_settings." + name)
		}
	}
	for name, kind := range fallbackKinds {
		entries, is := settings[name].([]any)
		if !is {
			continue
		}
		c.Fallbacks = slices.DeleteFunc(c.Fallbacks, func(row object) bool { return row["kind"] == kind })
		c.hasFallbacks(kind)
		for _, entry := range entries {
			for model, models := range entry.(object) {
				c.keepFallback(model, kind, list(models))
			}
		}
	}
	return ok(object{"message": "Config updated successfully"})
}

func badFallbacks(name string, value any) (problems []any) {
	if value == nil {
		return nil
	}
	entries, is := value.([]any)
	if !is {
		return []any{problem("list_type", "Input should be a valid list", "body", "router_settings", name)}
	}
	for i, entry := range entries {
		models, is := entry.(object)
		if !is {
			problems = append(problems, problem("dict_type", "Input should be a valid dictionary", "body", "router_settings", name, i))
		}
		for model, targets := range models {
			if _, is := targets.([]any); !is {
				problems = append(problems, problem("sequence_str", "'str' instances are not allowed as a Sequence value", "body", "router_settings", name, i, model))
			}
		}
	}
	return problems
}
