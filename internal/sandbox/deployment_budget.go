package sandbox

import (
	"fmt"
	"net/http"
	"time"
)

// deploymentBudget is a deployment's own budget; it needs a limit and a period.
func deploymentBudget(model object) (limit float64, period string, is bool) {
	limit, limited := number(params(model)["max_budget"])
	period = text(params(model)["budget_duration"])
	return limit, period, limited && period != ""
}

// deploymentSpend is what was spent with a deployment in its current period.
func (c *call) deploymentSpend(model object) float64 {
	kept, _ := model["period"].(object)
	until, err := time.Parse(time.RFC3339, text(kept["until"]))
	if err != nil || !c.now().Before(until) {
		return 0
	}
	spent, _ := number(kept["spend"])
	return spent
}

// deploymentOver refuses a deployment that has spent its budget.
func (c *call) deploymentOver(model object) *reply {
	limit, period, is := deploymentBudget(model)
	spent := c.deploymentSpend(model)
	if !is || spent < limit {
		return nil
	}
	return fail(http.StatusTooManyRequests, "internal_server_error", nil, fmt.Sprintf(
		"No deployments available - crossed budget: Exceeded budget for deployment model_name: %s, litellm_params.model: %s, model_id: %s: %s >= %s\n",
		model["model_name"], params(model)["model"], infoOf(model)["id"], money(spent), period))
}

func (c *call) chargeDeployment(model object, spent float64) {
	_, period, is := deploymentBudget(model)
	count, unit, wrong := parseDuration(period)
	if !is || wrong != "" {
		return
	}
	kept, _ := model["period"].(object)
	before := c.deploymentSpend(model)
	until := text(kept["until"])
	if before == 0 {
		until = addDuration(c.now(), count, unit).UTC().Format(time.RFC3339)
	}
	model["period"] = object{"until": until, "spend": money(before + spent)}
}
