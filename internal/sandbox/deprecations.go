package sandbox

import (
	"cmp"
	"slices"
	"time"
)

// modelDeprecations lists the models that their providers retire, by how soon.
func modelDeprecations(c *call) *reply {
	days := c.query.Get("warn_within_days")
	if days == "" {
		days = "30"
	}
	within, _, message := convertInt(days)
	if message != "" {
		return invalid(problem("int_parsing", message, "query", "warn_within_days"))
	}
	answer := object{"warn_within_days": within, "checked_at": c.stamp()}
	for _, status := range []string{"deprecated", "imminent", "upcoming"} {
		answer[status] = []object{}
	}
	seen := map[string]bool{}
	models := slices.SortedStableFunc(slices.Values(c.Models), func(a, b object) int { return cmp.Compare(text(a["model_name"]), text(b["model_name"])) })
	for _, model := range models {
		row := c.deprecation(model, within.(int))
		if id := text(row["model_name"]) + "\n" + text(row["deprecation_date"]); row != nil && !seen[id] {
			seen[id] = true
			status := text(row["status"])
			answer[status] = append(answer[status].([]object), row)
		}
	}
	for _, status := range []string{"deprecated", "imminent", "upcoming"} {
		sortRows(answer[status].([]object), "deprecation_date", true)
	}
	return ok(answer)
}

// deprecation says when a model is retired, by its own information or the price
// list; nil if neither has a date.
func (c *call) deprecation(model object, within int) object {
	known, provider := listed(model)
	name, by, from := known["key"], any(provider), text(known["deprecation_date"])
	if own := text(infoOf(model)["deprecation_date"]); own != "" {
		if _, err := time.Parse(time.DateOnly, own); err == nil {
			name, by, from = params(model)["model"], infoOf(model)["litellm_provider"], own
		}
	}
	at, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return nil
	}
	left := int(at.Sub(c.now().UTC().Truncate(24*time.Hour)).Hours() / 24)
	status := "upcoming"
	switch {
	case left < 0:
		status = "deprecated"
	case left <= within:
		status = "imminent"
	}
	successor, source := known["successor_model"], any(nil)
	if successor != nil {
		source = "model_cost_map"
	}
	if own := text(infoOf(model)["successor_model"]); own != "" {
		successor, source = own, "deployment_config"
	}
	return object{"model_name": model["model_name"], "team_public_model_name": infoOf(model)["team_public_model_name"], "litellm_model": name,
		"deprecation_date": from, "days_until_deprecation": left, "status": status, "litellm_provider": by,
		"successor_model": successor, "successor_model_source": source, "deprecation_source": known["deprecation_source"]}
}
