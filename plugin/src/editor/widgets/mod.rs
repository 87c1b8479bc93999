//! The things that the window is made of, one a file.

pub mod button;
pub mod chip;
pub mod envelope;
pub mod keys;
pub mod knob;
pub mod meter;
pub mod pad;
pub mod slider;
pub mod value;

use egui::{Response, Ui};

use super::control::{self, Control};
use super::theme;

/// Shows what a control is and how it stands while the pointer rests on it.
fn explain(response: Response, control: &dyn Control, name: &str, hint: &str) {
    response.on_hover_ui(|ui| {
        ui.set_max_width(260.0);
        paragraph(ui, name, control, hint);
    });
}

fn paragraph(ui: &mut Ui, name: &str, control: &dyn Control, hint: &str) {
    ui.horizontal(|ui| {
        ui.label(egui::RichText::new(name).font(theme::title()).color(theme::TEXT));
        ui.label(egui::RichText::new(control::text(control)).color(theme::ACCENT));
    });
    ui.label(egui::RichText::new(hint).font(theme::small()).color(theme::SECONDARY));
}
