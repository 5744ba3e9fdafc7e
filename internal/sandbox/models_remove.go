package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// nullable are the parameters of a model that null removes; other nulls change nothing.
var nullable = strings.Fields(`input_cost_per_token output_cost_per_token input_cost_per_character output_cost_per_character
	cache_read_input_token_cost cache_creation_input_token_cost tiered_pricing cache_control_injection_points litellm_credential_name`)

// isPrice reports whether a name is one of the prices that the gateway keeps among the
// parameters only and ignores in model_info.
func isPrice(name string) bool { return strings.Contains(name, "cost") || name == "tiered_pricing" }

// badRemoval refuses to remove the upstream model, and to set what is removed.
func (c *call) badRemoval() *reply {
	given, _ := c.body["litellm_params"].(object)
	var both []string
	for _, name := range list(c.body["litellm_params_to_remove"]) {
		if name == "model" {
			return valueError("The required litellm_params.model cannot be removed")
		}
		if _, set := given[name]; set {
			both = append(both, name)
		}
	}
	if len(both) == 0 {
		return nil
	}
	slices.Sort(both)
	return valueError("Cannot set and remove the same litellm_params keys: " + strings.Join(slices.Compact(both), ", "))
}

// removeParams removes the parameters that the body names.
func (c *call) removeParams(model object) {
	names := list(c.body["litellm_params_to_remove"])
	given, _ := c.body["litellm_params"].(object)
	for _, name := range nullable {
		if value, set := given[name]; set && value == nil {
			names = append(names, name)
		}
	}
	for _, name := range names {
		delete(params(model), name)
	}
}

// unset reports whether the upstream model is an environment variable. None is set here: the
// gateway stores such a model, does not serve it, and serves none that comes after it.
func unset(model object) bool { return strings.HasPrefix(text(params(model)["model"]), "os.environ/") }

func notServed(id string) string {
	return fmt.Sprintf("Model create was saved to the database, but the model id(s) ['%s'] are not live in this pod's router after the reload and are not "+
		"being served by this pod. Other pods reload on their own interval. Check server logs for 'Error upserting deployment' or "+
		"'Error creating deployment' for the cause.", id)
}
