//! The window.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use egui::{Event, Rect, Ui, vec2};
use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, ParamSetter};
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{Frame, NiceEguiApp};

use crate::params::{REVISIONS, WmsParams};
use crate::shared::{Request, Shared, Source};

mod control;
mod keyboard;
pub mod layout;
mod panels;
#[cfg(test)]
mod tests;
mod theme;
mod waterfall;
mod widgets;
mod window;

use keyboard::Keyboard;
use layout::Layout;
use panels::browser::{self, Browser};
use panels::pad::Pad;
use waterfall::Waterfall;
use widgets::meter::Level;
pub use window::WmsEditor;

/// Time between two frames while something moves.
const MOVING: Duration = Duration::from_millis(16);
/// Time between two looks for something that moves.
const RESTING: Duration = Duration::from_millis(80);
/// Longest time that a frame counts for, s: the window may have been hidden.
const LONGEST_S: f32 = 0.3;

/// What an open window shows and remembers.
#[derive(Default)]
struct Desk {
    browser: Browser,
    pad: Pad,
    waterfall: Waterfall,
    levels: [Level; 2],
    keyboard: Keyboard,
    hides_keys: bool,
    /// Which model was shown last.
    serial: Option<u32>,
}

/// An open window. It lives in the memory of its `egui` context, because the framework tells nobody
/// when a window closes (nice-plug-egui 0.6), and goes with it.
struct Open {
    context: GuiContext,
    shared: Arc<Shared>,
    desk: Mutex<Desk>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let desk = self.desk.get_mut().unwrap_or_else(PoisonError::into_inner);
        desk.keyboard.release_all(&self.shared);
        self.shared.watched.store(false, Ordering::Relaxed);
    }
}

/// Fills windows.
pub struct EditorApp {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    open: Weak<Open>,
}

/// Files that were dropped on the window, or whose paths were pasted while nothing is typed into.
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

impl Desk {
    /// Takes what the audio thread has shown since the last frame; whether something moves.
    fn listen(&mut self, shared: &Shared, passed_s: f32) -> bool {
        let Self { waterfall, levels, .. } = self;
        for (level, peak) in levels.iter_mut().zip(&shared.meters.peaks) {
            level.take(peak.take(), passed_s);
        }
        shared.with_picture(|picture| waterfall.take(picture, passed_s));
        !waterfall.is_at_rest() || !levels.iter().all(Level::is_at_rest)
    }

    /// Lets the host know of a model that was asked for here: it notices parameters alone.
    fn tell_host(
        &mut self,
        serial: u32,
        params: &WmsParams,
        shared: &Shared,
        setter: &ParamSetter,
    ) {
        let was = self.serial.replace(serial);
        if was.is_none_or(|was| was == serial) || !shared.asked.swap(false, Ordering::Relaxed) {
            return;
        }
        let revision = &params.revision;
        let next = (revision.value() + 1) % REVISIONS;
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
        self.tell_host(model.serial, params, shared, &setter);
        let window = ui.ctx().content_rect();
        // What does not fit is cut off rather than squeezed.
        let least = vec2(layout::MIN_WIDTH, layout::MIN_HEIGHT);
        let window = Rect::from_min_size(window.min, window.size().max(least));
        let layout = Layout::new(window, !self.hides_keys);
        let Desk { browser, pad, waterfall, levels, keyboard, hides_keys, .. } = self;
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
        let (shared, desk) = (Arc::clone(&self.shared), Mutex::default());
        let open = Arc::new(Open { context, shared, desk });
        self.open = Arc::downgrade(&open);
        let id = egui::Id::unique("wms open window");
        window.data_mut(|data| data.insert_temp(id, open));
    }

    fn frame(&mut self, ui: &mut Ui) {
        let Some(open) = self.open.upgrade() else { return };
        // Every frame: a window that closes late would leave the next one in the dark.
        self.shared.watched.store(true, Ordering::Relaxed);
        let mut desk = open.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let passed_s = ui.input(|input| input.unstable_dt).clamp(0.0, LONGEST_S);
        let moves = desk.listen(&self.shared, passed_s);
        // Hosts have keys and shortcuts of their own for the computer's.
        if open.context.plugin_api() == PluginApi::Standalone {
            desk.keyboard.type_keys(ui, &self.shared);
        }
        for path in given_files(ui) {
            self.shared.request(Request::Load(Source::File(path)));
        }
        desk.draw(ui, &self.params, &self.shared, &open.context);
        ui.ctx().request_repaint_after(if moves { MOVING } else { RESTING });
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
