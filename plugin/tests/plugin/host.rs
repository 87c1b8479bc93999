//! A small CLAP host that runs in the process of the test.

#[cfg(target_os = "linux")]
use clack_extensions::gui::{
    GuiApiType, GuiConfiguration, GuiSize, HostGui, HostGuiImpl, PluginGui, Window,
};
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::{ParamInfoBuffer, PluginParams};
use clack_extensions::state::PluginState;
use clack_host::entry::EntryDescriptor;
use clack_host::events::event_types::{
    MidiEvent, NoteExpressionEvent, NoteExpressionType, NoteOffEvent, NoteOnEvent, ParamModEvent,
    ParamValueEvent,
};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, Pckn};
use clack_host::prelude::*;
use clack_host::utils::ClapId;

// Links the library of the plugin, which exports `clap_entry`.
use wms_plugin as _;

unsafe extern "C" {
    static clap_entry: EntryDescriptor;
}

pub const RATE: f64 = 48_000.0;

pub struct Nothing;

impl SharedHandler<'_> for Nothing {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

// The plugin opens a window only in a host with this extension.
#[cfg(target_os = "linux")]
impl HostGuiImpl for Nothing {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Nothing;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();

    #[cfg(target_os = "linux")]
    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostGui>();
    }
}

/// An event at a sample of the performance.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    On { channel: u16, key: u16, velocity: f64, id: u32 },
    Off { channel: u16, key: u16 },
    Midi([u8; 3]),
    Set { param: ClapId, value: f64 },
    Modulate { param: ClapId, id: u32, amount: f64 },
    Tune { id: u32, semitones: f64 },
}

/// A parameter as the host sees it.
#[derive(Clone, Debug)]
pub struct Param {
    pub id: ClapId,
    pub name: String,
    pub min: f64,
    pub max: f64,
    pub default: f64,
}

/// An instance of the plugin, activated when it is first played.
pub struct Host {
    instance: PluginInstance<Handlers>,
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    /// The ids of the notes that the plugin has reported as ended.
    pub ended: Vec<u32>,
}

impl Host {
    pub fn new() -> Self {
        // SAFETY: the entry is a constant of the plugin's library, which is part of this program.
        let entry =
            unsafe { PluginEntry::load_from_raw(&clap_entry, c"/wms-plugin.clap").unwrap() };
        let info = HostInfo::new("WMS tests", "WMS", "", "1").unwrap();
        let instance =
            PluginInstance::new(|()| Nothing, |_| (), &entry, c"org.wms.wms-plugin", &info)
                .unwrap();
        Self { instance, processor: None, ended: Vec::new() }
    }

    pub fn params(&mut self) -> Vec<Param> {
        let handle = self.instance.plugin_handle();
        let params = handle.get_extension::<PluginParams>().unwrap();
        let mut buffer = ParamInfoBuffer::new();
        let count = params.count(&handle);
        let read = |index| {
            let info = params.get_info(&handle, index, &mut buffer).unwrap();
            Param {
                id: info.id,
                name: String::from_utf8_lossy(info.name).into_owned(),
                min: info.min_value,
                max: info.max_value,
                default: info.default_value,
            }
        };
        (0..count).map(read).collect()
    }

    /// The parameter with that name.
    pub fn param(&mut self, name: &str) -> Param {
        self.params().into_iter().find(|param| param.name == name).unwrap()
    }

    /// The latency that the plugin reports, samples.
    pub fn latency(&mut self) -> u32 {
        let handle = self.instance.plugin_handle();
        handle.get_extension::<PluginLatency>().map_or(0, |latency| latency.get(&handle))
    }

    /// Opens the editor inside an X11 window of the host, given by its id, and returns its size.
    #[cfg(target_os = "linux")]
    pub fn open_editor(&mut self, window: u32) -> [u32; 2] {
        let handle = self.instance.plugin_handle();
        let gui = handle.get_extension::<PluginGui>().unwrap();
        let api_type = GuiApiType::X11;
        gui.create(&handle, GuiConfiguration { api_type, is_floating: false }).unwrap();
        let size = gui.get_size(&handle).unwrap();
        // SAFETY: the test closes the editor before it destroys the window.
        unsafe { gui.set_parent(&handle, Window::from_x11_handle(window.into())).unwrap() };
        gui.show(&handle).unwrap();
        [size.width, size.height]
    }

    /// Runs what the plugin has asked to be run on the host's main thread.
    #[cfg(target_os = "linux")]
    pub fn idle(&mut self) {
        self.instance.call_on_main_thread_callback();
    }

    #[cfg(target_os = "linux")]
    pub fn close_editor(&mut self) {
        let handle = self.instance.plugin_handle();
        handle.get_extension::<PluginGui>().unwrap().destroy(&handle);
    }

    pub fn value(&mut self, param: ClapId) -> f64 {
        let handle = self.instance.plugin_handle();
        handle.get_extension::<PluginParams>().unwrap().get_value(&handle, param).unwrap()
    }

    pub fn save(&mut self) -> Vec<u8> {
        let handle = self.instance.plugin_handle();
        let mut bytes = Vec::new();
        handle.get_extension::<PluginState>().unwrap().save(&handle, &mut bytes).unwrap();
        bytes
    }

    pub fn restore(&mut self, bytes: &[u8]) -> bool {
        let handle = self.instance.plugin_handle();
        let state = handle.get_extension::<PluginState>().unwrap();
        state.load(&handle, &mut std::io::Cursor::new(bytes)).is_ok()
    }

    pub fn activate(&mut self) {
        if self.processor.is_none() {
            let config = PluginAudioConfiguration {
                sample_rate: RATE,
                min_frames_count: 1,
                max_frames_count: 4096,
            };
            let stopped = self.instance.activate(|_, ()| (), config).unwrap();
            self.processor = Some(stopped.start_processing().unwrap());
        }
    }

    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.instance.deactivate(processor.stop_processing());
        }
    }

    /// Silences the plugin, so that the next performance starts from the same state.
    pub fn reset(&mut self) {
        self.activate();
        self.processor.as_mut().unwrap().reset();
    }

    /// Plays the next `blocks`, each of that many samples, and returns left and right. The samples of
    /// `acts` are counted from the beginning of the first block.
    pub fn play(&mut self, blocks: &[usize], acts: &[(usize, Act)]) -> [Vec<f32>; 2] {
        self.activate();
        let mut sound = [Vec::new(), Vec::new()];
        let mut at = 0;
        for &frames in blocks {
            let here = acts.iter().filter(|(when, _)| (at..at + frames).contains(when));
            let mut events = EventBuffer::new();
            here.for_each(|&(when, act)| push(&mut events, (when - at) as u32, act));
            let [left, right] = self.block(frames, &events);
            sound[0].extend(left);
            sound[1].extend(right);
            at += frames;
        }
        sound
    }

    fn block(&mut self, frames: usize, events: &EventBuffer) -> [Vec<f32>; 2] {
        let mut output = [vec![0.0f32; frames], vec![0.0f32; frames]];
        let mut answers = EventBuffer::with_capacity(256);
        let mut ports = AudioPorts::with_capacity(2, 1);
        let mut inputs = AudioPorts::with_capacity(0, 0);
        let no_input = inputs.with_input_buffers(std::iter::empty::<
            AudioPortBuffer<
                std::iter::Empty<InputChannel<'_, f32>>,
                std::iter::Empty<InputChannel<'_, f64>>,
            >,
        >());
        let mut audio = ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(
                output.iter_mut().map(Vec::as_mut_slice),
            ),
        }]);
        let processor = self.processor.as_mut().unwrap();
        processor
            .process(
                &no_input,
                &mut audio,
                &events.as_input(),
                &mut answers.as_output(),
                None,
                None,
            )
            .unwrap();
        for event in &answers {
            if let Some(CoreEventSpace::NoteEnd(end)) = event.as_core_event() {
                self.ended.extend(end.pckn().note_id.into_specific());
            }
        }
        output
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.deactivate();
    }
}

fn push(events: &mut EventBuffer, time: u32, act: Act) {
    let any = Pckn::match_all();
    match act {
        Act::On { channel, key, velocity, id } => {
            events.push(&NoteOnEvent::new(time, Pckn::new(0u16, channel, key, id), velocity));
        }
        Act::Off { channel, key } => {
            let note = Pckn::new(0u16, channel, key, Match::All);
            events.push(&NoteOffEvent::new(time, note, 0.0));
        }
        Act::Midi(data) => events.push(&MidiEvent::new(time, 0, data)),
        Act::Set { param, value } => events.push(&ParamValueEvent::new(time, param, any, value)),
        Act::Modulate { param, id, amount } => {
            let note = Pckn::new(Match::All, Match::All, Match::All, id);
            events.push(&ParamModEvent::new(time, param, note, amount));
        }
        Act::Tune { id, semitones } => {
            let note = Pckn::new(Match::All, Match::All, Match::All, id);
            let kind = NoteExpressionType::Tuning;
            events.push(&NoteExpressionEvent::new(time, note, kind, semitones));
        }
    }
}

/// Presses a key, with the key as the note's id.
pub const fn on(key: u16) -> Act {
    Act::On { channel: 0, key, velocity: 0.8, id: key as u32 }
}

/// Releases a key.
pub const fn off(key: u16) -> Act {
    Act::Off { channel: 0, key }
}

/// Divides `total` samples into blocks of one size, the last of which may be shorter.
pub fn blocks(total: usize, size: usize) -> Vec<usize> {
    let mut blocks = vec![size; total / size];
    if !total.is_multiple_of(size) {
        blocks.push(total % size);
    }
    blocks
}

/// The largest amplitude.
pub fn peak(sound: &[f32]) -> f32 {
    sound.iter().fold(0.0, |most, sample| most.max(sample.abs()))
}
