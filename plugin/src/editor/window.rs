//! Wraps the framework's editor, which keeps the size that it was made with: when a project brings
//! another size, a new one is made.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{Editor, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, RepaintNotifier,
    create_egui_editor,
};

use super::EditorApp;
use crate::params::WmsParams;
use crate::shared::Shared;
use crate::state::{MIN_WINDOW_HEIGHT, MIN_WINDOW_WIDTH, SavedWindow};

/// The framework's editor and its state, which are made together.
struct Made {
    editor: EguiEditor<EditorApp>,
    state: Arc<EguiEditorState>,
}

/// The plugin's editor, as the framework opens and closes it.
pub struct WmsEditor {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    made: Mutex<Made>,
}

fn resize_hint() -> ResizeHint {
    let least = LogicalSize::new(MIN_WINDOW_WIDTH, MIN_WINDOW_HEIGHT);
    ResizeHint::resizable().with_min_logical_size(least)
}

fn make(window: SavedWindow, params: &Arc<WmsParams>, shared: &Arc<Shared>) -> Option<Made> {
    let [width, height] = window.size;
    let state = EguiEditorState::from_size(LogicalSize::new(width, height), window.zoom);
    let (params, shared) = (Arc::clone(params), Arc::clone(shared));
    let editor = create_egui_editor(
        Arc::clone(&state),
        RepaintNotifier::new(),
        EguiNiceSettings::new().with_tile("WMS").with_resize_hint(resize_hint()),
        EditorApp { params, shared, open: Weak::new() },
    )?;
    Some(Made { editor, state })
}

impl WmsEditor {
    /// Returns `None` where the framework cannot open windows.
    pub fn new(params: Arc<WmsParams>, shared: Arc<Shared>) -> Option<Self> {
        let made = Mutex::new(make(params.window.get(), &params, &shared)?);
        Some(Self { params, shared, made })
    }

    /// Calls `act` with the framework's editor, in the size that the project asks for.
    fn with<R>(&self, act: impl FnOnce(&EguiEditor<EditorApp>) -> R) -> R {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // An open window keeps its size; the next one has the size that the project has brought.
        if !made.state.is_open()
            && let Some(window) = self.params.window.take_restored()
            && let Some(wanted) = make(window, &self.params, &self.shared)
        {
            *made = wanted;
        }
        act(&made.editor)
    }
}

impl Editor for WmsEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        self.with(|editor| {
            editor.spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, host)
        })
    }

    fn size(&self) -> NativeSize<u32> {
        self.with(Editor::size)
    }

    fn resize_hint(&self) -> ResizeHint {
        resize_hint()
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the framework's function asks the same of its caller as this one.
        self.with(|editor| unsafe { editor.assume_standalone_in_process() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::params::persist::PersistentField;

    #[test]
    fn a_restored_project_brings_its_window() {
        let (requests, _) = std::sync::mpsc::channel();
        let (params, (shared, _)) = (Arc::<WmsParams>::default(), Shared::new(requests));
        let editor = WmsEditor::new(Arc::clone(&params), shared).unwrap();
        let size =
            |width, height| NativeSize::from_size(LogicalSize::new(width, height).into(), 1.0);
        assert_eq!(editor.size(), size(1200.0, 740.0));
        params.window.set(SavedWindow { size: [1500.0, 900.0], zoom: 1.5 });
        assert_eq!(editor.size(), size(1500.0, 900.0));
        let made = editor.made.lock().unwrap();
        assert_eq!(made.state.user_scale_factor(), 1.5);
    }
}
