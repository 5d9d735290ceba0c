//! What is asked for ahead of time: results cannot tell.

use crate::lanes::{BlockCounts, BlockPlace, CacheLine, Rows, RowsShape, share_of_block};

#[test]
fn the_lines_of_the_next_sample_are_asked_for_in_order() {
    type V = [f32; 8];
    for (n_rows, n_channels) in [(1, 8), (4, 16), (9, 24), (9, 40), (25, 128)] {
        let blocks = BlockCounts { samples: 2, of_sample: n_channels / 8 };
        let (row_stride, sample_stride) = (n_channels, n_rows * n_channels + 16);
        let shape = RowsShape { rows: n_rows, row_stride, blocks, block_stride: 8, sample_stride };
        let data = std::vec![0.0_f32; 2 * sample_stride];
        let rows = Rows::<f32, V>::new(&data, shape).unwrap();
        let lines_of_row = n_channels.div_ceil(16);
        let mut ahead = rows.ahead(BlockPlace { sample: 1, block: 0 }, lines_of_row);
        let asked = (0..n_rows * lines_of_row).map(|_| ahead.next_line().cast::<f32>());
        let row = |row: usize| data[sample_stride + row * row_stride..].as_ptr();
        let of_line = size_of::<CacheLine>() / size_of::<f32>();
        let lines =
            (0..n_rows).flat_map(|r| (0..lines_of_row).map(move |line| row(r).wrapping_add(line * of_line)));
        assert!(asked.eq(lines), "{n_rows} rows of {n_channels}");
    }
}

#[test]
fn the_blocks_of_a_sample_ask_for_all_lines_of_the_next() {
    for (sharing, rows) in [1, 2, 4, 8, 16].into_iter().flat_map(|s| [1, 4, 9, 16, 25, 81].map(|r| (s, r))) {
        for of_sample in 1..40 {
            let shares = (0..of_sample).map(|block| share_of_block(rows, block, of_sample, sharing));
            let (lines, most) = (of_sample.div_ceil(sharing), rows.div_ceil(sharing));
            assert_eq!(shares.clone().sum::<usize>(), lines * rows);
            // Few at a time, but with the last block.
            assert!(shares.take(of_sample - 1).all(|share| share <= most));
        }
    }
}
