//! The header: the name of the instrument, the model that plays, and the meters.

use std::sync::atomic::Ordering;

use egui::{Align2, Rect, Sense, Ui, pos2, vec2};

use super::key_name;
use crate::editor::theme;
use crate::editor::widgets::button::{self, Sign};
use crate::editor::widgets::meter::{self, LevelMeter};
use crate::editor::widgets::slider::fitted;
use crate::model_info::ModelInfo;
use crate::params::WmsParams;
use crate::shared::{Request, Shared};

/// Width of the model's name with its arrows, points.
const NAME_WIDTH: f32 = 250.0;
/// Width of the level meter, points.
const METER_WIDTH: f32 = 130.0;

/// Describes a model in one line.
fn description(model: &ModelInfo) -> String {
    if model.serial == 0 {
        return String::new();
    }
    let axes = match model.axes.len() {
        0 => "no timbre axes".to_owned(),
        1 => "1 timbre axis".to_owned(),
        count => format!("{count} timbre axes"),
    };
    let mut parts = vec![format!("{:.1} kHz", f64::from(model.sample_rate) / 1e3), axes];
    let [low, high] = model.f0_range_hz.map(|f0| (69.0 + 12.0 * (f0 / 440.0).log2()).round());
    if low.is_finite() && high.is_finite() {
        parts.push(format!("plays {} to {}", key_name(low as i32), key_name(high as i32)));
    }
    if model.from_project {
        parts.push("the project's copy".to_owned());
    }
    parts.join(" \u{b7} ")
}

/// Draws the header.
pub fn show(
    ui: &Ui,
    rect: Rect,
    model: &ModelInfo,
    params: &WmsParams,
    shared: &Shared,
    levels: &[LevelMeter; 2],
) {
    let painter = ui.painter();
    painter.rect_filled(rect, theme::PANEL_CORNER, theme::PANEL);
    let y = rect.center().y;
    let text = |x: f32, align, text: String, color| {
        painter.text(pos2(x, y), align, text, theme::body(), color)
    };
    let mut x = rect.left() + 14.0;
    for letter in ["W", "M", "S"] {
        let at = pos2(x, y);
        let drawn = painter.text(at, Align2::LEFT_CENTER, letter, theme::logo(), theme::ACCENT);
        x = drawn.right() + 1.5;
    }
    let name = Rect::from_min_size(pos2(x + 16.0, rect.top() + 7.0), vec2(NAME_WIDTH, 30.0));
    painter.rect_filled(name, theme::CORNER, theme::RAISED);
    let arrow = vec2(30.0, 30.0);
    let left = Rect::from_min_size(name.min, arrow);
    let right = Rect::from_min_size(name.right_top() - vec2(arrow.x, 0.0), arrow);
    if button::show(
        ui,
        left,
        "previous",
        Sign::Previous,
        "Plays the model before this one in the list.",
    )
    .clicked()
    {
        shared.request(Request::Previous);
    }
    if button::show(ui, right, "next", Sign::Next, "Plays the model after this one in the list.")
        .clicked()
    {
        shared.request(Request::Next);
    }
    let shown = if model.serial == 0 { "No model" } else { model.name.as_str() };
    painter.with_clip_rect(name.shrink2(vec2(arrow.x, 0.0))).text(
        name.center(),
        Align2::CENTER_CENTER,
        shown,
        theme::body(),
        theme::TEXT,
    );

    let meter_area = Rect::from_min_size(
        pos2(rect.right() - METER_WIDTH - 14.0, y - 6.0),
        vec2(METER_WIDTH, 12.0),
    );
    meter::show(painter, meter_area, levels);
    let response = ui.interact(meter_area.expand(4.0), ui.scope_id().with("meter"), Sense::hover());
    response.on_hover_text("The level of the output, left above right, from -60 to +6 dB. Lower the level if it turns red.");
    let load = 100.0 * shared.meters.load.get();
    let color = if load > 80.0 { theme::ERROR } else { theme::SECONDARY };
    let x = meter_area.left() - 18.0;
    let cpu = text(x, Align2::RIGHT_CENTER, format!("CPU {load:.1} %"), color);
    let voices = shared.meters.voices.load(Ordering::Relaxed);
    let most = params.voices.voices.value();
    let voices = format!("Voices {voices}/{most}");
    // Room for the widest number, so that the text beside it stays where it is.
    let x = x - cpu.width().max(86.0) - 14.0;
    let voices = text(x, Align2::RIGHT_CENTER, voices, theme::SECONDARY);
    let about = Rect::from_x_y_ranges(name.right() + 18.0..=voices.left() - 14.0, rect.y_range());
    let at = pos2(about.left(), y);
    let description = fitted(ui, &description(model), &theme::body(), about.width());
    painter.text(at, Align2::LEFT_CENTER, description, theme::body(), theme::SECONDARY);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_info::TimbreAxis;

    #[test]
    fn a_model_is_described() {
        assert_eq!(description(&ModelInfo::default()), "");
        let axis = TimbreAxis { name: "x".to_owned(), input: 0, low: -1.0, high: 1.0 };
        let model = ModelInfo {
            serial: 1,
            axes: vec![axis; 8],
            sample_rate: 44_100,
            f0_range_hz: [220.0, 880.0],
            ..ModelInfo::default()
        };
        assert_eq!(description(&model), "44.1 kHz \u{b7} 8 timbre axes \u{b7} plays A3 to A5");
        let model = ModelInfo { axes: Vec::new(), f0_range_hz: [0.0; 2], ..model };
        assert_eq!(description(&model), "44.1 kHz \u{b7} no timbre axes");
    }
}
