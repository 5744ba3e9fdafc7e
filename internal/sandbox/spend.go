package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// spendLogs answers the rows of requests, newest first, or with two dates one
// sum a day.
func spendLogs(c *call) *reply {
	from, to := c.query.Get("start_date"), c.query.Get("end_date")
	rows := []object{}
	for _, row := range slices.Backward(c.logs()) {
		if key := c.query.Get("api_key"); key != "" && row["api_key"] != tokenOf(key) {
			continue
		}
		if user := c.query.Get("user_id"); user != "" && row["user"] != user {
			continue
		}
		if !c.who.sees() && row["user"] != c.who.userID {
			continue
		}
		if id := c.query.Get("request_id"); id != "" && row["request_id"] != id {
			continue
		}
		rows = append(rows, row)
	}
	first, firstErr := time.Parse(time.DateOnly, from)
	last, lastErr := time.Parse(time.DateOnly, to)
	if summarize := c.query.Get("summarize"); from == "" || to == "" || firstErr != nil || lastErr != nil || summarize == "false" {
		return ok(rows)
	}
	days := []object{}
	if !anyBetween(rows, from, to) { // no rows, no days
		return ok(days)
	}
	for day := first; !day.After(last) && len(days) < 366; day = day.AddDate(0, 0, 1) {
		days = append(days, summary(rows, day.Format(time.DateOnly)))
	}
	return ok(days)
}

func anyBetween(rows []object, from, to string) bool {
	return slices.ContainsFunc(rows, func(row object) bool {
		day, _, _ := strings.Cut(text(row["startTime"]), "T")
		return from <= day && day <= to
	})
}

// summary adds up a day: by key at the top level, by user and by model.
func summary(rows []object, day string) object {
	total, users, models := money(0), object{}, object{}
	out := object{"startTime": day, "spend": 0, "users": users, "models": models}
	add := func(to object, name string, spent money) {
		before, _ := number(to[name])
		to[name] = money(before) + spent
	}
	for _, row := range rows {
		if !strings.HasPrefix(text(row["startTime"]), day) {
			continue
		}
		n, _ := number(row["spend"])
		total += money(n)
		out["spend"] = total
		add(out, text(row["api_key"]), money(n))
		add(users, text(row["user"]), money(n))
		add(models, text(row["model"]), money(n))
	}
	return out
}

var logSorts = []string{"endTime", "model", "request_duration_ms", "spend", "startTime", "total_tokens", "ttft_ms"}

// spendLogsV2 is the list of requests that has pages and filters.
func spendLogsV2(c *call) *reply {
	page, size, bad := c.pageOfSize("page_size", 50, 1000)
	if bad != nil {
		return bad
	}
	badRequest := func(param any, message string) *reply {
		return fail(http.StatusBadRequest, "bad_request", param, message)
	}
	bounds := [2]time.Time{}
	for i, name := range []string{"start_date", "end_date"} {
		given := c.query.Get(name)
		if given == "" {
			return badRequest(nil, "Start date and end date are required")
		}
		at, err := time.Parse(time.DateTime, given)
		if err != nil {
			at, err = time.Parse(time.DateOnly, given)
		}
		if err != nil {
			return failure(http.StatusBadRequest, "Invalid date format: "+given+". Expected: 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'")
		}
		bounds[i] = at
	}
	sortBy := c.query.Get("sort_by")
	if sortBy == "" {
		sortBy = "startTime"
	}
	if !slices.Contains(logSorts, sortBy) {
		return badRequest("sort_by", fmt.Sprintf("Invalid sort_by: %s. Must be one of: %s", sortBy, strings.Join(logSorts, ", ")))
	}
	found := []object{}
	for _, row := range slices.Backward(c.logs()) {
		at, err := time.Parse(time.RFC3339, text(row["startTime"]))
		if err != nil || at.Before(bounds[0]) || at.After(bounds[1]) || !c.who.sees() && row["user"] != c.who.userID || !c.logMatches(row) {
			continue
		}
		found = append(found, row)
	}
	c.sort(found, sortBy, strings.EqualFold(c.query.Get("sort_order"), "asc"))
	cut, pages := pageOf(found, page, size)
	return ok(object{"data": cut, "total": len(found), "page": page, "page_size": size, "total_pages": pages, "total_is_capped": false})
}

func (c *call) logMatches(row object) bool {
	metadata, _ := row["metadata"].(object)
	for parameter, value := range map[string]any{
		"api_key": row["api_key"], "user_id": row["user"], "team_id": row["team_id"], "request_id": row["request_id"],
		"model": row["model"], "model_id": row["model_id"], "model_group": row["model_group"], "end_user": row["end_user"],
		"status_filter": row["status"],
	} {
		if wanted := c.query.Get(parameter); wanted != "" && text(value) != wanted {
			return false
		}
	}
	if !strings.Contains(text(metadata["user_api_key_alias"]), c.query.Get("key_alias")) {
		return false
	}
	problem, _ := metadata["error_information"].(object)
	if wanted := c.query.Get("error_code"); wanted != "" && text(problem["error_code"]) != wanted {
		return false
	}
	if least := c.query.Get("min_spend"); least != "" {
		spent, _ := number(row["spend"])
		var want float64
		if _, err := fmt.Sscan(least, &want); err != nil || spent < want {
			return false
		}
	}
	return strings.Contains(text(row["session_id"]), c.query.Get("session_id"))
}

// calculateSpend prices a prompt, or a completion by its usage.
func calculateSpend(c *call) *reply {
	if bad := c.read("model:str messages:list completion_response:dict"); bad != nil {
		return bad
	}
	name, used := text(c.body["model"]), tokens{in: countPrompt(c.body["messages"])}
	if completion, is := c.body["completion_response"].(object); is {
		usage, _ := completion["usage"].(object)
		in, _ := number(usage["prompt_tokens"])
		out, _ := number(usage["completion_tokens"])
		name, used = text(completion["model"]), tokens{int(in), int(out)}
	} else if name == "" {
		return failure(http.StatusBadRequest, "Bad Request - Either 'model' or 'completion_response' must be provided")
	}
	model := c.modelNamed(name)
	if model == nil {
		return failure(http.StatusBadRequest, "litellm.BadRequestError: LLM Provider NOT provided. Pass in the LLM provider you are trying to call. You passed model="+name+
			"\n Pass model as E.g. For 'Huggingface' inference endpoints pass in `completion(model='huggingface/starcoder',..)` Learn more: https://docs.litellm.ai/docs/providers")
	}
	known := cost(model)
	in, _ := number(known["input_cost_per_token"])
	out, _ := number(known["output_cost_per_token"])
	return ok(object{"cost": money(in*float64(used.in) + out*float64(used.out))})
}
