//! The window.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::context::gui::GuiContext;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};

use crate::params::WmsParams;
use crate::shared::Shared;

/// What the window draws from.
pub struct EditorApp {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    context: Option<GuiContext>,
}

/// The plugin's editor.
pub fn create(params: Arc<WmsParams>, shared: Arc<Shared>) -> Option<EguiEditor<EditorApp>> {
    create_egui_editor(
        EguiEditorState::from_size(nice_plug::editor::dpi::LogicalSize::new(1120.0, 720.0), 1.0),
        RepaintNotifier::new(),
        EguiNiceSettings::new().with_tile("WMS"),
        EditorApp { params, shared, context: None },
    )
}

impl NiceEguiApp for EditorApp {
    fn build(
        &mut self,
        _: egui::Context,
        context: GuiContext,
        _: &mut Frame,
    ) -> Result<(), nice_plug_egui::baseview::HandlerError> {
        self.context = Some(context);
        self.shared.watched.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut Frame) {
        ui.heading(&self.shared.model().name);
        ui.label(self.params.level.to_string());
        ui.label(self.shared.status().text);
    }

    fn editor_closed(&mut self) {
        self.context = None;
        self.shared.watched.store(false, Ordering::Relaxed);
    }
}
