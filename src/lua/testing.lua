-- The globals of test files. Called with the number of the test to run (0: none) and the function that runs a script;
-- returns the function that runs that test when the file was read, and returns the names of all tests.
local number, run = ...
local path, before, names, chosen, is_closed = {}, { {} }, {}, nil, false

local function check(name, body, level)
  if is_closed then error("a test cannot hold further tests", level + 1) end
  if type(name) ~= "string" or type(body) ~= "function" then error("it takes a name and a function", level + 1) end
end

function _G.describe(name, body)
  check(name, body, 2)
  path[#path + 1] = name
  before[#before + 1] = {}
  body()
  path[#path] = nil
  before[#before] = nil
end

function _G.it(name, body)
  check(name, body, 2)
  names[#names + 1] = table.concat(path, " > ") .. (#path > 0 and " > " or "") .. name
  if #names == number then chosen = { body = body, before = { table.unpack(before) } } end
end

function _G.before_each(body)
  check("", body, 2)
  local list = before[#before]
  list[#list + 1] = body
end

_G.run = run

local function shown(value, depth)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  if depth == 0 then return "{...}" end
  local keys, parts = {}, {}
  for key in next, value do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
    return type(a) < type(b)
  end)
  for at, key in ipairs(keys) do
    if at > 20 then
      parts[at] = "..."
      break
    end
    local item = shown(rawget(value, key), depth - 1)
    parts[at] = key == at and item or (type(key) == "string" and key or "[" .. shown(key, 1) .. "]") .. " = " .. item
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function equal(a, b, depth)
  if rawequal(a, b) then return true end
  if type(a) == "number" and type(b) == "number" then return a == b end
  if type(a) ~= "table" or type(b) ~= "table" or depth == 0 then return false end
  for key, value in next, a do
    if not equal(value, rawget(b, key), depth - 1) then return false end
  end
  for key in next, b do
    if rawget(a, key) == nil then return false end
  end
  return true
end

local Expectation = {}
Expectation.__index = Expectation

function _G.expect(value)
  return setmetatable({ value = value }, Expectation)
end

local function claim(holds, self, wanted)
  if not holds then error("expected " .. wanted .. ", came " .. shown(self.value, 4), 3) end
end

function Expectation:equals(wanted) claim(equal(self.value, wanted, 64), self, shown(wanted, 4)) end
function Expectation:is_true() claim(self.value == true, self, "true") end
function Expectation:is_false() claim(self.value == false, self, "false") end
function Expectation:is_nil() claim(self.value == nil, self, "nil") end
function Expectation:is_a(kind) claim(type(self.value) == kind, self, "a " .. tostring(kind)) end

function Expectation:contains(wanted)
  local holds = false
  if type(self.value) == "string" then
    holds = string.find(self.value, tostring(wanted), 1, true) ~= nil
  elseif type(self.value) == "table" then
    for _, item in ipairs(self.value) do holds = holds or equal(item, wanted, 64) end
  end
  claim(holds, self, "something that contains " .. shown(wanted, 4))
end

function Expectation:fails(code)
  if type(self.value) ~= "function" then error("fails takes a function: expect(function() ... end):fails()", 2) end
  local ok, failure = pcall(self.value)
  if ok then error("expected an error" .. (code and " with " .. shown(code, 1) or "") .. ", came none", 2) end
  local own = type(failure) == "table" and rawget(failure, "code")
  local within = type(own) == "string" and code ~= nil and own:sub(1, #tostring(code) + 1) == code .. "."
  local holds = code == nil or own == code or within or string.find(tostring(failure), tostring(code), 1, true) ~= nil
  if not holds then
    error("expected an error with " .. shown(code, 1) .. ", came " .. (own and own .. ": " or "") .. tostring(failure), 2)
  end
  return failure
end

return function()
  is_closed = true
  if chosen then
    for _, list in ipairs(chosen.before) do
      for _, body in ipairs(list) do body() end
    end
    chosen.body()
  end
  return names
end
