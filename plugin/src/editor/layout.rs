//! Where the panels stand in a window of any size.

use egui::{Rect, pos2};

use super::theme::GAP;

/// Width that a new window has, points.
pub const WIDTH: f32 = 1200.0;
/// Height that a new window has.
pub const HEIGHT: f32 = 740.0;
/// Least width.
pub const MIN_WIDTH: f32 = 960.0;
/// Least height.
pub const MIN_HEIGHT: f32 = 620.0;

const HEADER: f32 = 44.0;
const STATUS: f32 = 20.0;
const KEYS: f32 = 48.0;
const BROWSER: f32 = 216.0;

/// The panels' areas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Name, model, meters.
    pub header: Rect,
    /// The models.
    pub browser: Rect,
    /// Waveform and spectrum.
    pub scope: Rect,
    /// The pad; the map of the timbre space will take its place.
    pub pad: Rect,
    /// The timbre axes.
    pub timbre: Rect,
    /// Envelope and voice.
    pub voice: Rect,
    /// The piano keys, if they are shown.
    pub keys: Option<Rect>,
    /// The line at the bottom.
    pub status: Rect,
}

impl Layout {
    /// Divides a window.
    pub fn new(window: Rect, with_keys: bool) -> Self {
        let all = window.shrink(GAP);
        let (left, right) = (all.left(), all.right());
        let header = Rect::from_min_max(all.min, pos2(right, all.top() + HEADER));
        let status = Rect::from_min_max(pos2(left, all.bottom() - STATUS), all.max);
        let mut bottom = status.top() - 0.6 * GAP;
        let keys = with_keys.then(|| {
            let keys = Rect::from_min_max(pos2(left, bottom - KEYS), pos2(right, bottom));
            bottom = keys.top() - GAP;
            keys
        });
        let top = header.bottom() + GAP;
        let column = right - (0.27 * all.width()).clamp(336.0, 440.0);
        let voice_height = (0.46 * (bottom - top)).clamp(328.0, 420.0);
        let voice = Rect::from_min_max(pos2(column, bottom - voice_height), pos2(right, bottom));
        let pad = Rect::from_min_max(pos2(column, top), pos2(right, voice.top() - GAP));
        let sliders = (0.36 * (bottom - top)).clamp(180.0, 280.0);
        let timbre = Rect::from_min_max(pos2(left, bottom - sliders), pos2(column - GAP, bottom));
        let split = left + BROWSER;
        let browser = Rect::from_min_max(pos2(left, top), pos2(split, timbre.top() - GAP));
        let scope =
            Rect::from_min_max(pos2(split + GAP, top), pos2(column - GAP, timbre.top() - GAP));
        Self { header, browser, scope, pad, timbre, voice, keys, status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    #[test]
    fn panels_fill_the_window_and_never_overlap() {
        for (width, height) in
            [(MIN_WIDTH, MIN_HEIGHT), (WIDTH, HEIGHT), (1280.0, 770.0), (2400.0, 1500.0)]
        {
            for with_keys in [false, true] {
                let window = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
                let layout = Layout::new(window, with_keys);
                let mut panels = vec![
                    layout.header,
                    layout.browser,
                    layout.scope,
                    layout.pad,
                    layout.timbre,
                    layout.voice,
                    layout.status,
                ];
                panels.extend(layout.keys);
                for (i, panel) in panels.iter().enumerate() {
                    assert!(window.contains_rect(*panel), "{panel:?}");
                    assert!(panel.width() >= 180.0 && panel.height() >= 19.0, "{panel:?}");
                    let others = panels.iter().skip(i + 1);
                    assert!(others.clone().all(|other| !panel.shrink(0.1).intersects(*other)));
                }
                assert!(layout.scope.height() > 200.0 && layout.pad.height() > 110.0);
            }
        }
    }
}
