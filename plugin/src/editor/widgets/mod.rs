//! The controls and displays that panels are made of, one per file.

pub mod button;
pub mod chip;
pub mod envelope;
pub mod keys;
pub mod knob;
pub mod meter;
pub mod pad;
pub mod slider;
pub mod turn;
pub mod value;

use egui::{Response, Ui};

use super::control::{self, Control};
use super::theme;

/// Gives a control a tooltip with its name, its value and a sentence on what it does.
fn explain(response: Response, control: &dyn Control, name: &str, hint: &str) {
    response.on_hover_ui(|ui| {
        ui.set_max_width(260.0);
        tooltip(ui, name, control, hint);
    });
}

fn tooltip(ui: &mut Ui, name: &str, control: &dyn Control, hint: &str) {
    ui.horizontal(|ui| {
        ui.label(egui::RichText::new(name).font(theme::title()).color(theme::TEXT));
        ui.label(egui::RichText::new(control::text(control)).color(theme::ACCENT));
    });
    ui.label(egui::RichText::new(hint).font(theme::small()).color(theme::SECONDARY));
}
