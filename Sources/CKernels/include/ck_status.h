#ifndef CK_STATUS_H
#define CK_STATUS_H

/* What a kernel answers. A kernel never prints, allocates or aborts. */
typedef enum {
    CK_OK = 0,
    CK_ERR_TRUNCATED,   /* the data ends before what its own lengths promise */
    CK_ERR_DAMAGED,     /* the data contradicts the standard */
    CK_ERR_UNSUPPORTED, /* legal, but outside what the kernel does */
    CK_ERR_LIMIT,       /* would need more than the limit the caller set */
    CK_ERR_ARGUMENT     /* the call itself is wrong */
} ck_status;

#endif
