//! WMS as an instrument for DAWs: a CLAP and a VST3 plugin, and a standalone program.
//!
//! - [`params`] is what a host displays and automates, and [`state`] what a project saves beside it.
//! - [`bank`] lists the models. [`models`] reads them, and [`loader`] does so on a thread of its own and
//!   hands finished engines to the audio thread.
//! - The audio thread runs [`player`], and [`monitor`] while the editor is open.
//! - [`editor`] is the window. It reaches the rest through [`shared`]: [`meters`], the [`picture`] of the
//!   sound, and the [`model_info`] of the model that plays.

use std::sync::Arc;

use nice_plug::context::process::SendEventError;
use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

pub mod bank;
pub mod editor;
pub mod loader;
pub mod meters;
pub mod model_info;
pub mod models;
pub mod monitor;
pub mod params;
pub mod picture;
pub mod player;
pub mod shared;
pub mod state;

use loader::Loader;
use monitor::{BlockTimer, Monitor};
use params::WmsParams;
use player::Player;
use shared::{KeyPress, Shared};

/// The instrument, as the framework runs it.
pub struct WmsPlugin {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    loader: Loader,
    monitor: Monitor,
    /// `None` before the first activation, which is when the sample rate becomes known.
    player: Option<Player>,
}

impl Default for WmsPlugin {
    fn default() -> Self {
        let params = Arc::new(WmsParams::default());
        let (requests, received) = std::sync::mpsc::channel();
        let (shared, pictures) = Shared::new(requests);
        let loader = Loader::start(Arc::clone(&params), Arc::clone(&shared), received);
        Self { params, shared, loader, monitor: Monitor::new(pictures), player: None }
    }
}

impl WmsPlugin {
    /// What the editor reads and writes, for programs that embed the plugin.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Plugin for WmsPlugin {
    const NAME: &'static str = "WMS";
    const VENDOR: &'static str = "Wavetable Manifold Synthesis";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];

    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = editor::WmsEditor;
    type SysExMessage = ();
    /// Not used: the framework runs the tasks of all instances on one thread, which ends for all of them
    /// when one instance is destroyed while its task waits. The loader has a thread of its own.
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        Arc::clone(&self.params) as Arc<dyn Params>
    }

    fn editor(&mut self, _: AsyncExecutor<Self>) -> Option<Self::Editor> {
        editor::WmsEditor::new(Arc::clone(&self.params), Arc::clone(&self.shared))
    }

    fn filter_state(state: &mut PluginState) {
        state::migrate(state);
    }

    fn activate(
        &mut self,
        _: &AudioIOLayout,
        config: &BufferConfig,
        _: &mut impl ActivateContext<Self>,
    ) -> bool {
        let engine = match self.loader.activate(f64::from(config.sample_rate)) {
            Ok(engine) => engine,
            Err(message) => {
                self.shared.set_status(message, true);
                return false;
            }
        };
        if let Some(engine) = engine {
            self.player = Some(Player::new(engine, self.loader.link(), &self.params));
        }
        true
    }

    fn reset(&mut self) {
        if let Some(player) = &mut self.player {
            player.reset(&self.params);
        }
    }

    fn deactivate(&mut self) {
        self.loader.deactivate();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let (Some(player), [left, right]) = (&mut self.player, buffer.as_slice()) else {
            return ProcessStatus::Error(
                "the plugin was asked to play before it was activated with two output channels",
            );
        };
        let timer = BlockTimer::start(&self.shared);
        player.begin(&self.params);
        while let Some(KeyPress { key, velocity }) = self.shared.next_press() {
            let (timing, voice_id, channel) = (0, VoiceID::Wildcard, Channel::Number(0));
            let key = Key::Number(key);
            player.handle(if velocity > 0.0 {
                NoteEvent::NoteOn { timing, voice_id, channel, key, velocity }
            } else {
                NoteEvent::NoteOff { timing, voice_id, channel, key, velocity }
            });
        }
        let mut done = 0;
        while let Some(event) = context.next_event() {
            let at = (event.timing() as usize).clamp(done, left.len());
            player.render(&mut left[done..at], &mut right[done..at]);
            done = at;
            player.handle(event);
        }
        player.render(&mut left[done..], &mut right[done..]);
        let last = left.len().saturating_sub(1) as u32;
        player.report_ended_notes(|voice_id, channel, key| {
            let event = NoteEvent::VoiceTerminated { timing: last, voice_id, channel, key };
            // A host without an output event queue cannot be told, and that is fine.
            !matches!(context.try_send_event(event), Err((_, SendEventError::HostBufferFull)))
        });
        if let Some(timer) = timer {
            let meters = &self.shared.meters;
            meters.keys.set(player.held_keys());
            self.monitor.finish_block(timer, meters, player.engine(), left, right);
        }
        if player.engine().is_silent() { ProcessStatus::Normal } else { ProcessStatus::KeepAlive }
    }
}

impl ClapPlugin for WmsPlugin {
    const CLAP_ID: &'static str = "org.wms.wms-plugin";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Plays wavetables that a small neural network makes in real time");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Synthesizer, ClapFeature::Stereo];
    const CLAP_POLY_MODULATION_CONFIG: Option<PolyModulationConfig> = Some(PolyModulationConfig {
        max_voice_capacity: params::VOICES as u32,
        supports_overlapping_voices: false,
    });
}

impl Vst3Plugin for WmsPlugin {
    const VST3_CLASS_ID: [u8; 16] = *b"WMSWavetableMani";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Instrument, Vst3SubCategory::Synth, Vst3SubCategory::Stereo];
}

nice_export_clap!(WmsPlugin);
nice_export_vst3!(WmsPlugin);
