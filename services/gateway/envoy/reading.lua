-- A request that will be refused is read to its end and thrown away as it comes: who still writes would otherwise meet a
-- reset instead of the answer. Only so much, and who waits for a 100 before writing is told at once.
-- The route says: `limit` in bytes (none: no body is of use), `caller` where one must be known before the body is held.

local DISCARDED = {{discarded}}

local function expects_continue(headers)
  local expected = headers:get("expect")
  return expected ~= nil and string.lower(expected) == "100-continue"
end

local function note_too_large(handle)
  handle:streamInfo():dynamicMetadata():set("{{filter}}", "too_large", true)
end

local function throw_away(handle, limit, refused)
  local read, too_large, most = 0, false, (limit or 0) + DISCARDED
  for chunk in handle:bodyChunks() do
    read = read + chunk:length()
    if not refused and not too_large and read > limit then
      too_large = true
      note_too_large(handle)
    end
    -- Beyond, the buffer behind this filter overflows and ends it.
    if (refused or too_large) and read <= most then
      chunk:setBytes("")
    end
  end
end

local function has_no_body(handle, headers, length)
  return length == nil and headers:get("{{chunked}}") == nil and handle:streamInfo():protocol() ~= "HTTP/2"
end

function envoy_on_request(handle)
  local headers, rule = handle:headers(), handle:metadata()
  local limit, told = rule:get("limit"), headers:get("content-length")
  local length = told and tonumber(told)
  local refused = limit == nil
    or (rule:get("caller") == true and headers:get("{{subject}}") == nil)
  if has_no_body(handle, headers, length) or (not refused and length ~= nil and length <= limit) then
    return
  end
  if expects_continue(headers) then
    if not refused and length == nil then
      handle:respond({[":status"] = "417"}, "")
    elseif not refused then
      note_too_large(handle)
    end
  elseif length ~= nil and length > (limit or 0) + DISCARDED then
    if not refused then
      handle:respond({[":status"] = "413"}, "")
    end
  else
    throw_away(handle, limit, refused)
  end
end
