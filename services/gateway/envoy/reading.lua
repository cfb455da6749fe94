-- A request that will be refused is read to its end and thrown away as it comes: who still writes would otherwise meet a
-- reset instead of the answer. Only so much, and who waits for a 100 before writing is told at once.
-- The route says: `limit` in bytes (none: no body is of use), `token` where one is required.

local DISCARDED = {{discarded}}

local function expects_continue(headers)
  local expected = headers:get("expect")
  return expected ~= nil and string.lower(expected) == "100-continue"
end

local function throw_away(handle, limit, refused)
  local read, too_large, most = 0, false, (limit or 0) + DISCARDED
  for chunk in handle:bodyChunks() do
    read = read + chunk:length()
    if not refused and not too_large and read > limit then
      too_large = true
      handle:streamInfo():dynamicMetadata():set("{{filter}}", "too_large", true)
    end
    -- Beyond, the buffer behind this filter overflows and ends it.
    if (refused or too_large) and read <= most then
      chunk:setBytes("")
    end
  end
end

function envoy_on_request(handle)
  local headers, rule = handle:headers(), handle:metadata()
  local limit, told = rule:get("limit"), headers:get("content-length")
  local length = told and tonumber(told)
  local refused = limit == nil
    or headers:get("{{wait}}") ~= nil
    or (rule:get("token") == true and headers:get("{{subject}}") == nil)
  if not refused and length ~= nil and length <= limit then
    return
  end
  if expects_continue(headers) then
    if not refused then
      handle:respond({[":status"] = length == nil and "417" or "413"}, "")
    end
  elseif length ~= nil and length > (limit or 0) + DISCARDED then
    if not refused then
      handle:respond({[":status"] = "413"}, "")
    end
  else
    throw_away(handle, limit, refused)
  end
end
