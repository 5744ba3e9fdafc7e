package sandbox

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
)

// describe is a model as both versions of /model/info show it: parameters in
// clear, without secrets, and the price list's entry.
func (c *call) describe(model object) object {
	shown := maps.Clone(paramFlags)
	maps.Copy(shown, shownParams(params(model)))
	about := cost(model)
	about["member_auto_router"] = false
	maps.Copy(about, infoOf(model))
	overridePrices(about, params(model))
	if fromDB(model) {
		about["blocked"] = model["blocked"] == true
		for _, name := range []string{"created_at", "updated_at"} {
			if at, is := about[name].(string); is {
				about[name] = strings.TrimSuffix(at, "Z") + "+00:00"
			}
		}
	}
	return object{"model_name": model["model_name"], "litellm_params": shown, "model_info": about}
}

// withAccess is a described model that says how the caller may use it.
func (c *call) withAccess(model object) object {
	described := c.describe(model)
	about := infoOf(described)
	about["direct_access"] = c.who.userID != ""
	if c.who.userID != "" {
		about["access_via_team_ids"] = c.teamsWith(model)
	}
	return described
}

// teamsWith are the teams that may use a model.
func (c *call) teamsWith(model object) []string {
	teams := []string{}
	for _, team := range c.Teams {
		if allowed := list(team["models"]); len(allowed) == 0 || slices.Contains(allowed, text(model["model_name"])) {
			teams = append(teams, text(team["team_id"]))
		}
	}
	return teams
}

func modelInfo(c *call) *reply {
	if id := c.query.Get("litellm_model_id"); id != "" {
		model := c.modelByID(id)
		if model == nil || unset(model) {
			return detailError(http.StatusBadRequest, fmt.Sprintf("Model id = %s not found on litellm proxy", id))
		}
		describe := c.describe
		if byID(c.Users, "user_id", c.who.userID) != nil {
			describe = c.withAccess
		}
		return ok(object{"data": []object{inOrder(describe(model), model)}})
	}
	out := []object{}
	for _, model := range c.expanded() {
		if c.modelRefusal(text(model["model_name"])) == "" {
			out = append(out, inOrder(c.withAccess(model), model))
		}
	}
	return ok(object{"data": out})
}

// modelInfoV2 is the list that has pages. It shows every deployment to everybody,
// unless it is asked for those that the caller may use.
func modelInfoV2(c *call) *reply {
	page, size, bad := c.pageOfSize("size", 50, 0)
	if bad != nil {
		return bad
	}
	flags := map[string]bool{}
	for _, name := range []string{"user_models_only", "include_team_models", "wildcard_only"} {
		if flags[name], bad = c.boolQuery(name); bad != nil {
			return bad
		}
	}
	var found []object
	for _, model := range c.Models {
		if c.modelMatches(model, flags) {
			found = append(found, model)
		}
	}
	if bad := c.sortModels(found); bad != nil {
		return bad
	}
	describe := c.describe
	if flags["include_team_models"] {
		describe = c.withAccess
	}
	cut, pages := pageOf(found, page, size)
	out := []object{}
	for _, model := range cut {
		out = append(out, inOrder(describe(model), model))
	}
	return ok(object{"data": out, "total_count": len(found), "current_page": page, "total_pages": pages, "size": size})
}

func (c *call) modelMatches(model object, flags map[string]bool) bool {
	name, id := text(model["model_name"]), c.query.Get("modelId")
	switch {
	case unset(model),
		id != "" && infoOf(model)["id"] != id,
		id == "" && !c.asksFor("model", name),
		!contains(name, c.query.Get("search")) && !contains(text(params(model)["model"]), c.query.Get("search")),
		flags["wildcard_only"] && !strings.Contains(name, "*"),
		flags["user_models_only"] && (!fromDB(model) || model["created_by"] != c.who.name()),
		flags["include_team_models"] && (c.who.userID == "" || c.modelRefusal(name) != ""):
		return false
	}
	if group := c.query.Get("access_group"); group != "" && !inGroup(model, group) {
		return false
	}
	team := c.query.Get("teamId")
	return team == "" || slices.Contains(c.teamsWith(model), team)
}

// sortModels sorts by name, price or origin. The other columns that the real
// gateway takes, times among them, change nothing there either.
func (c *call) sortModels(models []object) *reply {
	sortBy, order := c.query.Get("sortBy"), strings.ToLower(or2(c.query.Get("sortOrder"), "asc"))
	if sortBy != "" && order != "asc" && order != "desc" {
		return detail(http.StatusBadRequest, "Invalid sortOrder: "+order+". Must be 'asc' or 'desc'")
	}
	sign := 1
	if order == "desc" {
		sign = -1
	}
	slices.SortStableFunc(models, func(a, b object) int {
		switch sortBy {
		case "model_name":
			return sign * cmp.Compare(strings.ToLower(text(a["model_name"])), strings.ToLower(text(b["model_name"])))
		case "status":
			return sign * cmp.Compare(fmt.Sprint(fromDB(a)), fmt.Sprint(fromDB(b)))
		case "costs": // a model without a price is the last in either order
			return cmp.Compare(price(a, sign), price(b, sign))
		}
		return 0
	})
	return nil
}

// price is what a token in and a token out cost, times the sign.
func price(model object, sign int) float64 {
	known := cost(model)
	in, hasIn := number(known["input_cost_per_token"])
	out, hasOut := number(known["output_cost_per_token"])
	if !hasIn && !hasOut {
		return math.Inf(1)
	}
	return float64(sign) * (in + out)
}
