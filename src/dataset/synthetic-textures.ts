/** Period of the textures in pixels, in both directions. */
export const PERIOD = 8;

const TILES = `
  ########  ####....  ##..##..  ########  ####....  ##..##..  ...##...  ...##...  ########  ##......
  ########  ####....  ##..##..  ########  ####....  ##..##..  ..#..#..  ..####..  #......#  ##......
  ........  ####....  ##..##..  ########  ####....  ..##..##  .#....#.  .######.  #......#  ........
  ........  ####....  ##..##..  ########  ####....  ..##..##  #......#  ########  #..##..#  ........
  ########  ####....  ##..##..  ........  ....####  ##..##..  #......#  ........  #..##..#  ....##..
  ########  ####....  ##..##..  ........  ....####  ##..##..  .#....#.  ........  #......#  ....##..
  ........  ####....  ##..##..  ........  ....####  ..##..##  ..#..#..  ........  #......#  ........
  ........  ####....  ##..##..  ........  ....####  ..##..##  ...##...  ........  ########  ........
`;

/**
 * The ten textures that tell the classes of the synthetic images apart, each as PERIOD × PERIOD values with mean 0 and
 * difference 1 between mark and ground. None is another's mirror image, since CIFAR-10's augmentation mirrors images.
 */
export const TEXTURES: readonly Float32Array[] = readTextures();

function readTextures(): Float32Array[] {
  const rows = TILES.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const count = rows[0]?.length ?? 0;
  return Array.from({ length: count }, (_, texture) => {
    const marks = rows.flatMap((row) => Array.from(row[texture] ?? '', (mark) => (mark === '#' ? 1 : 0)));
    const mean = marks.reduce<number>((sum, mark) => sum + mark, 0) / marks.length;
    return Float32Array.from(marks, (mark) => mark - mean);
  });
}
