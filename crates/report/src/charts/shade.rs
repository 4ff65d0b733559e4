//! Colors that show a number.

/// The color of a number in `[0, 1]`, from dark purple over green to yellow. It interpolates the color
/// map viridis of matplotlib, which is also readable in gray.
pub fn shade(share: f64) -> String {
    const STOPS: [(f64, f64, f64); 5] = [
        (68.0, 1.0, 84.0),
        (59.0, 82.0, 139.0),
        (33.0, 145.0, 140.0),
        (94.0, 201.0, 98.0),
        (253.0, 231.0, 37.0),
    ];
    let position = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let stop = (position as usize).min(STOPS.len() - 2);
    let (a, b, t) = (STOPS[stop], STOPS[stop + 1], position - stop as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * t) as u8;
    format!(
        "#{:02x}{:02x}{:02x}",
        mix(a.0, b.0),
        mix(a.1, b.1),
        mix(a.2, b.2)
    )
}
