-- Incoming calls are to be matched to clients, but phone numbers were typed in
-- as everybody liked ("06 12 34 56 78", "+33 (0)6.12...", "0033..."). Telling
-- prefixes, trunk zeros and extensions apart is beyond SQL, hence Lua.
-- The text as typed stays in clients.phone. What cannot be understood for
-- certain gets no number: a missing match is better than a wrong one.

local BATCH_SIZE = 500

-- Calling code, trunk prefix that is dropped after it, and the number of
-- digits that remain. Italy keeps its zero, Spain and Luxembourg have none.
local NUMBERING = {
    AT = { code = "43", trunk = "0", min = 7, max = 13 },
    BE = { code = "32", trunk = "0", min = 8, max = 9 },
    CH = { code = "41", trunk = "0", min = 9, max = 9 },
    DE = { code = "49", trunk = "0", min = 7, max = 11 },
    ES = { code = "34", trunk = "", min = 9, max = 9 },
    FR = { code = "33", trunk = "0", min = 9, max = 9 },
    GB = { code = "44", trunk = "0", min = 9, max = 10 },
    IT = { code = "39", trunk = "", min = 6, max = 11 },
    LU = { code = "352", trunk = "", min = 6, max = 9 },
    MC = { code = "377", trunk = "", min = 8, max = 9 },
    NL = { code = "31", trunk = "0", min = 9, max = 9 },
    PT = { code = "351", trunk = "", min = 9, max = 9 },
}

local BY_CODE = {}
for _, plan in pairs(NUMBERING) do
    BY_CODE[plan.code] = plan
end

local function find_plan(digits)
    for length = 1, 3 do
        local plan = BY_CODE[digits:sub(1, length)]
        if plan then
            return plan
        end
    end
    return nil
end

local function national_part(digits, plan)
    if plan.trunk ~= "" and digits:sub(1, #plan.trunk) == plan.trunk then
        return digits:sub(#plan.trunk + 1)
    end
    return digits
end

local function assemble(digits, plan)
    if #digits < plan.min or #digits > plan.max then
        return nil
    end
    return "+" .. plan.code .. digits
end

-- Expects a single number without its extension.
local function normalise(text, country_code)
    local digits = text:gsub("%D", "")
    local is_international = text:match("^%D*%+") ~= nil
    if not is_international and digits:sub(1, 2) == "00" then
        is_international = true
        digits = digits:sub(3)
    end

    if is_international then
        local plan = find_plan(digits)
        if plan then
            return assemble(national_part(digits:sub(#plan.code + 1), plan), plan)
        end
        -- No plan for that country: the limits are those of E.164 itself, and a
        -- "(0)" cannot be judged.
        if #digits < 8 or #digits > 15 or digits:sub(1, 1) == "0" or text:find("%(%s*0") then
            return nil
        end
        return "+" .. digits
    end

    local plan = NUMBERING[country_code]
    -- Without its trunk zero it may be an internal or a mistyped number.
    if not plan or digits:sub(1, #plan.trunk) ~= plan.trunk then
        return nil
    end
    return assemble(national_part(digits, plan), plan)
end

local function without_extension(text)
    for _, word in ipairs({ "poste", "ext", "x", "#" }) do
        local at = text:find("%d[%s%.%(]*" .. word)
        if at then
            return text:sub(1, at)
        end
    end
    return text
end

-- Several numbers may share the field, and the first that is usable wins. A
-- slash with no space around it may belong to one number ("06/12/34/56/78") or
-- stand between two, so it is tried as the former first.
local function first_number(text, country_code)
    local separated = text
        :lower()
        :gsub("%f[%a]ou%f[%A]", ";")
        :gsub("%f[%a]or%f[%A]", ";")
        :gsub("%s+/", ";")
        :gsub("/%s+", ";")
    for part in separated:gmatch("[^;,|\r\n]+") do
        local number = normalise(without_extension(part), country_code)
        if number then
            return number
        end
        for piece in part:gmatch("[^/]+") do
            number = normalise(without_extension(piece), country_code)
            if number then
                return number
            end
        end
    end
    return nil
end

local function fill_numbers(db)
    local last_id = ""
    while true do
        local clients = db:query(
            [[
                SELECT id, phone, country_code
                FROM clients
                WHERE id > ? AND phone IS NOT NULL
                ORDER BY id
                LIMIT ?
            ]],
            last_id,
            BATCH_SIZE
        )
        for _, client in ipairs(clients) do
            local number = first_number(client.phone, client.country_code)
            if number then
                db:exec("UPDATE clients SET phone_e164 = ? WHERE id = ?", number, client.id)
            end
        end
        if #clients < BATCH_SIZE then
            return
        end
        last_id = clients[#clients].id
    end
end

return {
    up = function(db)
        db:exec([[
            ALTER TABLE clients ADD COLUMN phone_e164 TEXT CHECK (
                phone_e164 GLOB '+[1-9]*'
                AND substr(phone_e164, 2) NOT GLOB '*[^0-9]*'
                AND length(phone_e164) BETWEEN 9 AND 16
            )
        ]])

        fill_numbers(db)

        db:exec([[
            CREATE INDEX idx_clients_phone_e164 ON clients (phone_e164)
            WHERE phone_e164 IS NOT NULL
        ]])

        -- A number that does not belong to the text any more would put calls
        -- through to the wrong client. The last six digits tell, whatever the
        -- spelling.
        db:exec([[
            CREATE TRIGGER clients_phone_changed
            AFTER UPDATE OF phone ON clients
            WHEN NEW.phone_e164 IS NOT NULL
                AND instr(
                    replace(
                        replace(replace(replace(coalesce(NEW.phone, ''), ' ', ''), '.', ''), '-', ''),
                        '/',
                        ''
                    ),
                    substr(NEW.phone_e164, -6)
                ) = 0
            BEGIN
                UPDATE clients SET phone_e164 = NULL WHERE id = NEW.id;
            END
        ]])
    end,

    down = function(db)
        db:exec("DROP TRIGGER clients_phone_changed")
        db:exec("DROP INDEX idx_clients_phone_e164")
        db:exec("ALTER TABLE clients DROP COLUMN phone_e164")
    end,
}
