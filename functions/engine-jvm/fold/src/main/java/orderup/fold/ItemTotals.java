package orderup.fold;

/**
 * What a row tells of an order's items.
 *
 * @param count sum of quantities
 * @param amount in minor units
 */
public record ItemTotals(int count, long amount) {}
