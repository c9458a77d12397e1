//! Tables of text.

use console::{Style, measure_text_width, pad_str, strip_ansi_codes};

/// Rows under headings, columns as wide as their widest cell.
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    color: bool,
}

impl Table {
    /// An empty table.
    pub fn new(headings: &[&str], color: bool) -> Self {
        Self {
            headings: headings
                .iter()
                .map(|heading| (*heading).to_owned())
                .collect(),
            rows: Vec::new(),
            color,
        }
    }

    /// Adds a row. Control characters in cells are dropped: names come from the repository.
    pub fn row(&mut self, cells: &[&str]) {
        let clean = |cell: &&str| {
            strip_ansi_codes(cell)
                .chars()
                .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
                .filter(|c| !c.is_control())
                .collect()
        };
        self.rows.push(cells.iter().map(clean).collect());
    }

    /// The text, without trailing blanks.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| &row[column]);
                cells
                    .chain([&self.headings[column]])
                    .map(|cell| measure_text_width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |cells: &[String]| {
            let padded: Vec<_> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, width)| pad_str(cell, *width, console::Alignment::Left, None))
                .collect();
            padded.join("  ").trim_end().to_owned()
        };
        let heading = Style::new().bold().force_styling(self.color);
        let mut out = format!("  {}\n", heading.apply_to(line(&self.headings)));
        for row in &self.rows {
            out.push_str("  ");
            out.push_str(&line(row));
            out.push('\n');
        }
        out
    }
}
