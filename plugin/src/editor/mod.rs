//! The editor: the plugin's window.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use egui::{Event, Rect, Ui, vec2};
use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, ParamSetter};
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::bank::Source;
use crate::params::{MAX_REVISION, WmsParams};
use crate::shared::{Request, Shared};
use crate::state::{MIN_WINDOW_HEIGHT, MIN_WINDOW_WIDTH};

mod control;
mod keyboard;
mod layout;
mod panels;
#[cfg(test)]
mod tests;
mod theme;
mod waterfall;
mod widgets;
mod window;

use keyboard::Keyboard;
use layout::WindowLayout;
use panels::browser::{self, Browser};
use panels::pad::Pad;
use waterfall::Waterfall;
use widgets::meter::LevelMeter;
pub use window::WmsEditor;

/// Time between two frames while something in the window moves.
const MOVING_INTERVAL: Duration = Duration::from_millis(16);
/// Time between two frames while nothing moves.
const RESTING_INTERVAL: Duration = Duration::from_millis(80);
/// The longest time that one frame advances animations by, s. A window that was hidden for longer does
/// not catch up.
const MAX_FRAME_S: f32 = 0.3;

/// What an open window remembers from frame to frame.
#[derive(Default)]
struct EditorState {
    browser: Browser,
    pad: Pad,
    waterfall: Waterfall,
    /// The output's level, left and right.
    levels: [LevelMeter; 2],
    keyboard: Keyboard,
    hides_keys: bool,
    /// The serial number of the model that was shown last.
    serial: Option<u32>,
}

/// An open window. It is kept in the memory of its `egui` context and dropped with it, because
/// nice-plug-egui 0.6 does not report when a window closes.
struct OpenWindow {
    context: GuiContext,
    shared: Arc<Shared>,
    state: Mutex<EditorState>,
}

impl Drop for OpenWindow {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.keyboard.release_all(&self.shared);
        self.shared.editor_is_open.store(false, Ordering::Relaxed);
    }
}

/// Draws the windows that the framework opens.
pub struct EditorApp {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    open: Weak<OpenWindow>,
}

/// The files that were dropped on the window, or whose paths were pasted while no text field was active.
fn given_files(ui: &Ui) -> Vec<std::path::PathBuf> {
    let is_typing = ui.ctx().egui_wants_keyboard_input();
    ui.input(|input| {
        let dropped = input.raw.dropped_files.iter().map(|file| file.path().to_path_buf());
        let pasted = input.events.iter().filter_map(|event| match event {
            Event::Text(text) | Event::Paste(text) if !is_typing && text.len() > 1 => {
                browser::path_of(text).filter(|path| path.is_absolute())
            }
            _ => None,
        });
        dropped.chain(pasted).collect()
    })
}

impl EditorState {
    /// Takes in what the audio thread has measured since the last frame, `passed_s` seconds ago. Returns
    /// whether something in the window moves.
    fn update(&mut self, shared: &Shared, passed_s: f32) -> bool {
        let Self { waterfall, levels, .. } = self;
        for (level, peak) in levels.iter_mut().zip(&shared.meters.peaks) {
            level.take(peak.take(), passed_s);
        }
        shared.with_picture(|picture| waterfall.take(picture, passed_s));
        !waterfall.is_at_rest() || !levels.iter().all(LevelMeter::is_at_rest)
    }

    /// Moves the hidden parameter `revision` when a model that was requested in the editor has been
    /// loaded, because hosts notice a change of the project only by a parameter.
    fn report_model_change(
        &mut self,
        serial: u32,
        params: &WmsParams,
        shared: &Shared,
        setter: &ParamSetter,
    ) {
        let last = self.serial.replace(serial);
        if last.is_none_or(|last| last == serial)
            || !shared.model_was_requested.swap(false, Ordering::Relaxed)
        {
            return;
        }
        let revision = &params.revision;
        let next = (revision.value() + 1) % MAX_REVISION;
        setter.begin_set_parameter(revision);
        setter.set_parameter(revision, next);
        setter.end_set_parameter(revision);
    }

    fn draw(
        &mut self,
        ui: &mut Ui,
        params: &WmsParams,
        shared: &Arc<Shared>,
        context: &GuiContext,
    ) {
        let setter = context.param_setter();
        let model = &*shared.model();
        self.report_model_change(model.serial, params, shared, &setter);
        let window = ui.ctx().content_rect();
        // In a window below its smallest size the panels keep their sizes and are cut off.
        let least = vec2(MIN_WINDOW_WIDTH, MIN_WINDOW_HEIGHT);
        let window = Rect::from_min_size(window.min, window.size().max(least));
        let layout = WindowLayout::new(window, !self.hides_keys);
        let EditorState { browser, pad, waterfall, levels, keyboard, hides_keys, .. } = self;
        ui.painter().rect_filled(window, 0.0, theme::GROUND);
        panels::header::show(ui, layout.header, model, params, shared, levels);
        panels::browser::show(ui, layout.browser, browser, model, shared);
        panels::scope::show(ui, layout.scope, waterfall);
        panels::pad::show(ui, layout.pad, pad, model, params, &setter);
        panels::timbre::show(ui, layout.timbre, model, params, &setter);
        panels::voice::show(ui, layout.voice, params, &setter);
        if let Some(keys) = layout.keys {
            panels::keys::show(ui, keys, keyboard, model, shared);
        }
        let mut with_keys = !*hides_keys;
        panels::status::show(ui, layout.status, &shared.status(), &mut with_keys);
        *hides_keys = !with_keys;
    }
}

impl EditorApp {
    fn open(&mut self, window: &egui::Context, context: GuiContext) {
        theme::install(window);
        let (shared, state) = (Arc::clone(&self.shared), Mutex::default());
        let open = Arc::new(OpenWindow { context, shared, state });
        self.open = Arc::downgrade(&open);
        let id = egui::Id::unique("wms open window");
        window.data_mut(|data| data.insert_temp(id, open));
    }

    fn frame(&mut self, ui: &mut Ui) {
        let Some(open) = self.open.upgrade() else { return };
        // Set in every frame, because a window that closes after the next one has opened clears it.
        self.shared.editor_is_open.store(true, Ordering::Relaxed);
        let mut state = open.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_s = ui.input(|input| input.unstable_dt).clamp(0.0, MAX_FRAME_S);
        let moves = state.update(&self.shared, passed_s);
        // In a host the computer's keys are the host's shortcuts.
        if open.context.plugin_api() == PluginApi::Standalone {
            state.keyboard.type_keys(ui, &self.shared);
        }
        for path in given_files(ui) {
            self.shared.request(Request::Load(Source::File(path)));
        }
        state.draw(ui, &self.params, &self.shared, &open.context);
        ui.ctx().request_repaint_after(if moves { MOVING_INTERVAL } else { RESTING_INTERVAL });
    }
}

impl NiceEguiApp for EditorApp {
    fn build(
        &mut self,
        window: egui::Context,
        context: GuiContext,
        _: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.open(&window, context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Frame) {
        self.frame(ui);
    }

    fn resized(&mut self, new_size: WindowSize) {
        let size = new_size.logical;
        self.params.window.change(|saved| saved.size = [size.width, size.height]);
    }

    fn zoom_factor_changed(&mut self, zoom_factor: f32) {
        self.params.window.change(|saved| saved.zoom = zoom_factor);
    }
}
