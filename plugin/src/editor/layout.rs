//! Divides a window of any size among the panels.

use egui::{Rect, pos2};

use super::theme::GAP;

/// Height of the header, points.
const HEADER_HEIGHT: f32 = 44.0;
/// Height of the status line, points.
const STATUS_HEIGHT: f32 = 20.0;
/// Height of the piano strip, points.
const KEYS_HEIGHT: f32 = 48.0;
/// Width of the list of models, points.
const BROWSER_WIDTH: f32 = 216.0;

/// The areas of the panels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowLayout {
    /// The name of the instrument, the model and the meters.
    pub header: Rect,
    /// The list of models.
    pub browser: Rect,
    /// The waveform over time and the spectrum.
    pub scope: Rect,
    /// The pad that moves two parameters at once.
    pub pad: Rect,
    /// The sliders of the timbre axes.
    pub timbre: Rect,
    /// The envelope and the settings of the voices.
    pub voice: Rect,
    /// The piano strip, if it is visible.
    pub keys: Option<Rect>,
    /// The status line at the bottom.
    pub status: Rect,
}

impl WindowLayout {
    /// Divides `window`, with or without the piano strip.
    pub fn new(window: Rect, with_keys: bool) -> Self {
        let all = window.shrink(GAP);
        let (left, right) = (all.left(), all.right());
        let header = Rect::from_min_max(all.min, pos2(right, all.top() + HEADER_HEIGHT));
        let status = Rect::from_min_max(pos2(left, all.bottom() - STATUS_HEIGHT), all.max);
        let mut bottom = status.top() - 0.6 * GAP;
        let keys = with_keys.then(|| {
            let keys = Rect::from_min_max(pos2(left, bottom - KEYS_HEIGHT), pos2(right, bottom));
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
        let split = left + BROWSER_WIDTH;
        let browser = Rect::from_min_max(pos2(left, top), pos2(split, timbre.top() - GAP));
        let scope =
            Rect::from_min_max(pos2(split + GAP, top), pos2(column - GAP, timbre.top() - GAP));
        Self { header, browser, scope, pad, timbre, voice, keys, status }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{MIN_WINDOW_HEIGHT, MIN_WINDOW_WIDTH, WINDOW_HEIGHT, WINDOW_WIDTH};
    use egui::vec2;

    #[test]
    fn panels_fill_the_window_and_never_overlap() {
        let sizes = [
            (MIN_WINDOW_WIDTH, MIN_WINDOW_HEIGHT),
            (WINDOW_WIDTH, WINDOW_HEIGHT),
            (1280.0, 770.0),
            (2400.0, 1500.0),
        ];
        for (width, height) in sizes {
            for with_keys in [false, true] {
                let window = Rect::from_min_size(pos2(0.0, 0.0), vec2(width, height));
                let layout = WindowLayout::new(window, with_keys);
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
