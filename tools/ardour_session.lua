-- Run by tools/ardour_session.sh within Ardour's Lua console: FOLDER and STEP are set before.
-- "make": a new session with a MIDI track that WMS plays, one parameter moved, saved.
-- "open": the session once more, in a process of its own; is the parameter where it was left?

local NAME, RATE = "wms", 48000
local PARAMETER, VALUE = "Timbre 2", 0.8125
local MOVED = 0.0001

local function fail(text)
  print("FAILED: " .. text)
  os.exit(1)
end

local function parameter(processor)
  local insert = processor:to_insert()
  local plugin = insert:plugin(0)
  for index = 0, plugin:parameter_count() - 1 do
    if plugin:parameter_label(index) == PARAMETER then
      -- Ardour's own count of a plugin's inputs is what its functions want.
      local control = 0
      for before = 0, index - 1 do
        if plugin:parameter_is_input(before) and plugin:parameter_is_control(before) then
          control = control + 1
        end
      end
      return control
    end
  end
  fail("the plugin has no parameter " .. PARAMETER)
end

local function read(processor)
  local value, found = ARDOUR.LuaAPI.get_processor_param(processor, parameter(processor), false)
  if not found then fail("the parameter cannot be read") end
  return value
end

local backend = AudioEngine:set_backend("None (Dummy)", "", "")
if backend:isnil() then fail("no dummy backend") end
backend:set_device_name("Silence")
backend:set_sample_rate(RATE)
if AudioEngine:start(false) ~= 0 then fail("the engine does not start") end

if STEP == "make" then
  local session = create_session(FOLDER, NAME, RATE)
  if not session then fail("no session could be made") end
  local plugin = ARDOUR.LuaAPI.new_plugin_info("WMS", ARDOUR.PluginType.VST3)
  if plugin:isnil() then fail("Ardour does not know the plugin") end
  local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
  local audio = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
  local tracks = session:new_midi_track(
    midi, audio, true, plugin, nil, nil, 1, "Lead",
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  local processor = tracks:front():nth_plugin(0)
  if processor:isnil() then fail("the track does not take the plugin") end
  local before = read(processor)
  ARDOUR.LuaAPI.set_processor_param(processor, parameter(processor), VALUE)
  -- The value goes to the plugin with the next block.
  ARDOUR.LuaAPI.usleep(500000)
  print(string.format("%s: %.4f, set to %.4f", PARAMETER, before, read(processor)))
  session:save_state("", false, false, false, false, false)
else
  local session = load_session(FOLDER, NAME)
  if not session then fail("the session does not open") end
  local track = session:route_by_name("Lead")
  if track:isnil() then fail("the track has gone") end
  local processor = track:nth_plugin(0)
  if processor:isnil() then fail("the plugin has gone") end
  local value = read(processor)
  print(string.format("%s: %.4f after opening", PARAMETER, value))
  if math.abs(value - VALUE) > MOVED then fail("the state is not what was saved") end
  print("PASSED")
end
close_session()
quit()
