package secret

import (
	"bytes"
	"strings"
)

// class is what a field's name says about its value.
type class uint32

const (
	secretName class = 1 << iota // a string here is a secret
	wholeName                    // an object here is masked in one piece
	deepName                     // all strings here, at any depth, are secrets
	objectName                   // with deepName: only below an object or array
	placesName                   // with deepName: except places such as api_base
	placeName                    // one of these places
	keyName                      // a secret when it looks like one
	urlName                      // a secret when it is a URL
	manyName                     // a plural: strings directly in an object here are secrets too
	hashName                     // a 64-digit hash here names a key of the gateway
	ownName                      // a provider's or callback's parameters: no hash here names a key of the gateway
	pairName                     // {"name": N, "value": V}: V is what N says
	pairValue
	belowName // strings and numbers below an object or array here are secrets, except what describes them
	wordName  // describes a value, as in a JSON schema
	ownAll    // with ownName above: all strings here, at any depth, are secrets
	thingName // the members of an object here are named after things, such as models
)

// IsField reports whether a field, header, parameter or variable of this name
// holds a secret, however its words are joined: api_key, apiKeys, X-API-Key,
// OPENAI_API_KEY. For token it is true although the gateway keeps a key's hash
// there; the functions that redact show a 64-digit hash all the same. For key and
// other *_key it is false: there the value decides.
func IsField(name string) bool {
	return classify([]byte(name[max(0, len(name)-maxName):]))&secretName != 0
}

// maxName: of a longer name, the end counts.
const maxName = 96

var exactNames = map[string]class{
	"env":                     deepName | objectName,
	"env_vars":                deepName | objectName,
	"environment":             deepName | objectName,
	"environment_variables":   deepName | objectName,
	"secrets":                 deepName,
	"alert_to_webhook_url":    deepName,
	"credential_values":       deepName | placesName | ownName,
	"credentials":             ownAll,
	"litellm_params":          ownName,
	"callback_vars":           ownName,
	"callback_settings":       ownName,
	"logging":                 ownName,
	"name":                    pairName,
	"field":                   pairName,
	"field_name":              pairName,
	"header_name":             pairName,
	"variable":                pairName,
	"value":                   pairValue,
	"field_value":             pairValue,
	"field_default_value":     pairValue,
	"header_value":            pairValue,
	"key":                     keyName | hashName | pairName,
	"keys":                    keyName | hashName,
	"token":                   secretName | hashName,
	"type":                    wordName,
	"title":                   wordName,
	"description":             wordName,
	"format":                  wordName,
	"ref":                     wordName,
	"ui_name":                 wordName,
	"summary":                 wordName,
	"tags":                    wordName,
	"operation_id":            wordName,
	"required":                wordName,
	"in":                      wordName,
	"model_rpm_limit":         thingName,
	"model_tpm_limit":         thingName,
	"model_itpm_limit":        thingName,
	"model_otpm_limit":        thingName,
	"mcp_rpm_limit":           thingName,
	"tag_rpm_limit":           thingName,
	"model_max_budget":        thingName,
	"model_spend":             thingName,
	"models":                  thingName,
	"model_groups":            thingName,
	"providers":               thingName,
	"entities":                thingName,
	"locations":               thingName,
	"mcp_servers":             thingName,
	"endpoints":               thingName,
	"api_key_breakdown":       thingName,
	"schemas":                 thingName,
	"security_schemes":        thingName,
	"label":                   wordName,
	"min_length":              wordName,
	"max_length":              wordName,
	"webhook":                 urlName,
	"webhooks":                urlName,
	"auth_value":              secretName,
	"auth_header":             secretName,
	"aws_credential":          secretName,
	"client_credential":       secretName,
	"litellm_license":         secretName,
	"secret_string":           secretName,
	"secret_value":            secretName,
	"code_verifier":           secretName,
	"client_assertion":        secretName,
	"google_credential":       secretName,
	"vertex_credentials_json": secretName | wholeName,
	"service_account_json":    secretName | wholeName,
	"service_account_info":    secretName | wholeName,
	"service_account_key":     secretName | wholeName,
}

// secretWords end the names of secrets, in the singular.
var secretWords = setOf("password passwd pwd passphrase pin secret jwt apikey authorization cookie dsn bearer")

// secretEnds end the names of secrets whatever joins the words, singular or plural.
var secretEnds = strings.Fields("password passphrase apikey secretkey privatekey masterkey saltkey licensekey accesskey accountkey " +
	"signingkey encryptionkey decryptionkey subscriptionkey sharedkey storagekey authkey adminkey sshkey hmackey clientsecret " +
	"accesstoken refreshtoken authtoken bearertoken sessiontoken securitytoken bottoken apitoken idtoken sastoken " +
	"webhookurl connectionstring connstring connstr databaseurl databaseuri dburl dburi sasurl sharedaccesssignature passwordhash")

// grantWords before token make it a credential, in the singular and in the plural.
var grantWords = setOf("access refresh auth api bearer session security secret bot id")

// countWords make a token a count, a price, a position in a text or a page.
var countWords = setOf("cost per max min total prompt completion input output first last next prev previous page pagination continuation " +
	"sync eos bos pad unk sep cls mask stop start end audio image video text cached cache reasoning thinking num number count used usage " +
	"remaining limit budget special generated")

// passOwners before pass make it a password: "first_pass" is none.
var passOwners = setOf("db database smtp redis user mail auth basic proxy ftp")

// listWords after the name of a secret make it a plural: api_key_list.
var listWords = setOf("list array map dict")

var placeEnds = strings.Fields("location project _endpoint _api_base project_id")

var placeNames = setOf("api_base base_url api_version api_type organization custom_llm_provider model aws_access_key_id " +
	"aws_profile_name aws_role_name aws_session_name tenant_id client_id azure_scope")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// masterKey is how the gateway names its master key where it counts what keys spent.
const masterKey = "litellm_proxy_master_key"

// internalKey begins the names of what the gateway itself calls models with.
var internalKey = []byte("litellm-internal-")

// classify judges a field's name.
func classify(name []byte) class {
	var space [2 * maxName]byte
	n := fold(space[:0], name[max(0, len(name)-maxName):])
	if numbered := bytes.TrimRight(n, "_0123456789"); len(numbered) > 0 {
		n = numbered // OPENAI_API_KEY_2
	}
	if string(n) == masterKey {
		return keyName
	}
	c := exactNames[string(n)]
	if isPlace(n) {
		c |= placeName
	}
	last, before := cutLast(n)
	listed := len(before) > 0 && listWords[string(last)]
	if listed {
		n = before
		c |= exactNames[string(n)] &^ (pairName | pairValue)
		last, before = cutLast(n)
	}
	one, plural := singular(last)
	plural = plural || listed
	prev, _ := cutLast(before)
	c |= lastWord(n, one, prev, plural)
	if secretWords[string(one)] || c&secretName == 0 && hasSecretEnd(n, plural) {
		c |= secretName
	}
	if bytes.ContainsAny(name, "/{") {
		c &^= wholeName | deepName // the path of a route
		return c
	}
	if c&secretName != 0 {
		c &^= keyName
		if plural {
			c |= manyName
		}
		isAPIKey := bytes.HasSuffix(one, []byte("apikey")) || string(one) == "key" && string(prev) == "api"
		if isAPIKey {
			c |= hashName
		}
		if !isAPIKey || !plural {
			c |= belowName // {"api_keys": {HASH: {"spend": 1}}} tells what is known of keys
		}
	}
	return c
}

// lastWord is what the last word of a name, in the singular, says together with the
// word before it.
func lastWord(n, one, prev []byte, plural bool) (c class) {
	switch {
	case string(one) == "token":
		c |= hashName
		if isToken(n, prev, plural) {
			c |= secretName
		}
	case string(one) == "key":
		if string(prev) != "public" {
			c |= keyName
		}
	case string(one) == "header" && plural:
		c |= deepName
	case string(one) == "header":
		c |= belowName
	case string(one) == "credential" && plural && len(prev) > 0:
		c |= secretName | wholeName
	case string(one) == "authorization":
		c |= wholeName
	case string(one) == "webhook" && len(prev) > 0, string(one) == "pass" && passOwners[string(prev)]:
		c |= secretName
	}
	return c
}

func isToken(n, prev []byte, plural bool) bool {
	if grantWords[string(prev)] {
		return true
	}
	if plural {
		return false
	}
	for len(n) > 0 {
		var word []byte
		if word, n = cutLast(n); countWords[string(word)] {
			return false
		}
	}
	return true
}

// hasSecretEnd compares without what joins the words.
func hasSecretEnd(n []byte, plural bool) bool {
	var space [2 * maxName]byte
	joined := space[:0]
	for _, c := range n {
		if c != '_' {
			joined = append(joined, c)
		}
	}
	one, _ := singular(joined)
	for _, end := range secretEnds {
		if len(end) <= len(joined) && (string(joined[len(joined)-len(end):]) == end ||
			plural && len(end) <= len(one) && string(one[len(one)-len(end):]) == end) {
			return true
		}
	}
	return false
}

// isPlace: what credential_values holds besides credentials.
func isPlace(n []byte) bool {
	if placeNames[string(n)] || bytes.Contains(n, []byte("region")) {
		return true
	}
	for _, end := range placeEnds {
		if bytes.HasSuffix(n, []byte(end)) {
			return true
		}
	}
	return false
}

// fold appends name in lower case with its words joined by _: apiKey, API-Key,
// APIKey and "api key" are api_key.
func fold(dst, name []byte) []byte {
	for i, c := range name {
		switch {
		case isUpper(c):
			if i > 0 && (isLower(name[i-1]) || isDigit(name[i-1]) || isUpper(name[i-1]) && isLower(at(name, i+1)) && !endsPlural(name, i)) {
				dst = append(dst, '_')
			}
			dst = append(dst, c|0x20)
		case isAlnum(c) || c >= 0x80:
			dst = append(dst, c)
		case len(dst) > 0 && dst[len(dst)-1] != '_':
			dst = append(dst, '_')
		}
	}
	return bytes.TrimRight(dst, "_")
}

// endsPlural reports whether only an s follows the capital at i: the last letter
// of KEYs begins no word.
func endsPlural(name []byte, i int) bool {
	return at(name, i+1) == 's' && !isLower(at(name, i+2))
}

// cutLast cuts the last word off a folded name.
func cutLast(n []byte) (last, before []byte) {
	i := bytes.LastIndexByte(n, '_')
	if i < 0 {
		return n, nil
	}
	return n[i+1:], n[:i]
}

func singular(word []byte) (one []byte, plural bool) {
	if n := len(word); n > 3 && word[n-1] == 's' && word[n-2] != 's' {
		return word[:n-1], true
	}
	return word, false
}
