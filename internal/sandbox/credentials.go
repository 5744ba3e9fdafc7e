package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// secretWords mark the credential values that are shown masked.
var secretWords = []string{"key", "secret", "token", "password", "credential"}

// maskSecrets hides the values whose name says that they are secret.
func maskSecrets(values object) object {
	out := maps.Clone(values)
	for name, value := range out {
		s, is := value.(string)
		if !is || s == "" {
			continue
		}
		for _, word := range secretWords {
			if strings.Contains(strings.ToLower(name), word) {
				out[name] = maskSecret(s)
				break
			}
		}
	}
	return out
}

func maskSecret(s string) string {
	if len(s) <= 5 {
		return "*****"
	}
	return s[:2] + "****" + s[len(s)-2:]
}

func credentialCard(row object) object {
	return object{"credential_name": row["credential_name"], "display_name": row["display_name"], "credential_info": row["credential_info"],
		"credential_values": maskSecrets(row["credential_values"].(object)), "source": "db"}
}

func (c *call) credentialRow(name string) object {
	for _, row := range c.Credentials { // not byID: a name may be empty
		if row["credential_name"] == name {
			return row
		}
	}
	return nil
}

func noCredential(name string) *reply {
	return failure(http.StatusNotFound, "Credential not found. Got credential name: "+name)
}

func listCredentials(c *call) *reply {
	out := []object{}
	for _, row := range c.Credentials {
		out = append(out, credentialCard(row))
	}
	return ok(object{"success": true, "credentials": out})
}

func getCredential(c *call) *reply {
	row := c.credentialRow(c.param["name"])
	if row == nil {
		return noCredential(c.param["name"])
	}
	return ok(credentialCard(row))
}

// connection is the part of a model's parameters that a credential can hold.
func connection(model object) object {
	out := object{}
	for _, name := range []string{"api_key", "api_base", "api_version"} {
		if value := params(model)[name]; value != nil {
			out[name] = value
		}
	}
	return out
}

func modelCredential(c *call) *reply {
	id := c.param["model_id"]
	model := c.modelByID(id)
	if model == nil {
		return failure(http.StatusNotFound, "Model not found")
	}
	return ok(object{"credential_name": fmt.Sprintf("%s-credential-%s", model["model_name"], id), "display_name": nil,
		"credential_info": object{}, "credential_values": maskSecrets(connection(model))})
}

func newCredential(c *call) *reply {
	if bad := c.read("display_name:str credential_values:dict model_id:str"); bad != nil {
		return bad
	}
	values, _ := c.body["credential_values"].(object)
	modelID := text(c.body["model_id"])
	if len(values) == 0 && modelID == "" {
		return valueError("Either credential_values or model_id must be set")
	}
	if problems := checkFields(c.body, "credential_name!:str credential_info!:dict display_name:str", "body"); problems != nil {
		return invalid(problems...)
	}
	if modelID != "" {
		model := c.modelByID(modelID)
		if model == nil {
			return failure(http.StatusNotFound, "Model not found")
		}
		values = connection(model)
	}
	name := text(c.body["credential_name"])
	if c.credentialRow(name) != nil {
		return failure(http.StatusConflict, fmt.Sprintf("Credential '%s' already exists. Update it with PATCH /credentials/%s, or delete it first.", name, name))
	}
	c.Credentials = append(c.Credentials, object{"credential_name": name, "display_name": c.body["display_name"],
		"credential_info": c.body["credential_info"], "credential_values": values})
	return ok(object{"success": true, "message": "Credential created successfully"})
}

func updateCredential(c *call) *reply {
	if bad := c.readAs("PATCH /credentials/{credential_name}"); bad != nil {
		return bad
	}
	row := c.credentialRow(c.param["name"])
	if row == nil {
		return failure(http.StatusNotFound, "Credential not found in DB.")
	}
	if name, given := c.body["credential_name"].(string); given && name != row["credential_name"] {
		return fail(http.StatusBadRequest, "validation_error", "credential_name",
			"credential_name is immutable. Set display_name to change how the credential is labeled.")
	}
	if id := text(c.body["model_id"]); id != "" {
		model := c.modelByID(id)
		if model == nil {
			return failure(http.StatusNotFound, "Model not found")
		}
		c.body["credential_values"] = connection(model)
	}
	for _, field := range []string{"credential_info", "credential_values"} {
		changes, _ := c.body[field].(object)
		merged := maps.Clone(row[field].(object))
		for name, value := range changes {
			if value != nil || field == "credential_info" { // a null value changes nothing
				merged[name] = value
			}
		}
		row[field] = merged
	}
	for _, name := range list(c.body["credential_values_to_delete"]) {
		delete(row["credential_values"].(object), name)
	}
	if display, given := c.body["display_name"]; given {
		row["display_name"] = display
	}
	return ok(object{"success": true, "message": "Credential updated successfully"})
}

func deleteCredential(c *call) *reply {
	if c.credentialRow(c.param["name"]) == nil {
		return noCredential(c.param["name"])
	}
	drop(&c.Credentials, "credential_name", c.param["name"])
	return ok(object{"success": true, "message": "Credential deleted successfully"})
}
