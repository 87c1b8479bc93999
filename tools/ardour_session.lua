-- tools/ardour_session.sh runs this in Ardour's Lua console, with FOLDER and STEP set.
-- STEP "make" makes a session with a MIDI track that WMS plays, moves a parameter, and saves.
-- STEP "open" opens the session in another process, and checks that the parameter is where it was left.

local NAME, RATE = "wms", 48000
local PARAMETER, VALUE = "Timbre 2", 0.8125
local TOLERANCE = 0.0001

local function fail(text)
  print("FAILED: " .. text)
  os.exit(1)
end

local function parameter(processor)
  local insert = processor:to_insert()
  local plugin = insert:plugin(0)
  for index = 0, plugin:parameter_count() - 1 do
    if plugin:parameter_label(index) == PARAMETER then
      -- Ardour's functions count the control inputs of a plugin only.
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
if backend:isnil() then fail("Ardour has no dummy backend") end
backend:set_device_name("Silence")
backend:set_sample_rate(RATE)
if AudioEngine:start(false) ~= 0 then fail("Ardour's audio engine did not start") end

if STEP == "make" then
  local session = create_session(FOLDER, NAME, RATE)
  if not session then fail("the session could not be made in " .. FOLDER) end
  local plugin = ARDOUR.LuaAPI.new_plugin_info("WMS", ARDOUR.PluginType.VST3)
  if plugin:isnil() then fail("Ardour did not find the plugin when it scanned") end
  local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
  local audio = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
  local tracks = session:new_midi_track(
    midi, audio, true, plugin, nil, nil, 1, "Lead",
    ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
  local processor = tracks:front():nth_plugin(0)
  if processor:isnil() then fail("the plugin could not be put on the track") end
  local before = read(processor)
  ARDOUR.LuaAPI.set_processor_param(processor, parameter(processor), VALUE)
  -- The plugin receives the value with the next block.
  ARDOUR.LuaAPI.usleep(500000)
  print(string.format("%s: %.4f, set to %.4f", PARAMETER, before, read(processor)))
  session:save_state("", false, false, false, false, false)
else
  local session = load_session(FOLDER, NAME)
  if not session then fail("the session could not be opened") end
  local track = session:route_by_name("Lead")
  if track:isnil() then fail("the session has no track Lead") end
  local processor = track:nth_plugin(0)
  if processor:isnil() then fail("the track has no plugin") end
  local value = read(processor)
  print(string.format("%s: %.4f after opening", PARAMETER, value))
  if math.abs(value - VALUE) > TOLERANCE then fail("wanted the value that was saved, " .. VALUE) end
  print("PASSED")
end
close_session()
quit()
