// Encoder and peer decoder of the tests: libopenjph.
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>

#include <fcntl.h>
#include <unistd.h>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_message.h>
#include <openjph/ojph_params.h>

#include "htj2k_test.h"

static const char *const order_name[] = {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};

static size_t encode(const stream_spec *spec, int32_t *const planes[4], uint8_t **out)
{
    try {
        ojph::codestream codestream;
        ojph::param_siz siz = codestream.access_siz();
        siz.set_image_extent(ojph::point(spec->offset_x + spec->width, spec->offset_y + spec->height));
        siz.set_image_offset(ojph::point(spec->offset_x, spec->offset_y));
        if (spec->tile_w) {
            siz.set_tile_size(ojph::size(spec->tile_w, spec->tile_h));
            siz.set_tile_offset(ojph::point(spec->tile_x, spec->tile_y));
        }
        siz.set_num_components(spec->components);
        for (uint32_t c = 0; c < spec->components; c++)
            siz.set_component(c, ojph::point(spec->dx[c], spec->dy[c]), spec->bits[c], spec->is_signed[c] != 0);
        ojph::param_cod cod = codestream.access_cod();
        cod.set_num_decomposition(spec->levels);
        cod.set_block_dims(spec->block_w, spec->block_h);
        if (spec->precincts) {
            ojph::size sizes[33];
            for (uint32_t i = 0; i < spec->precincts; i++)
                sizes[i] = ojph::size(spec->precinct[0][i], spec->precinct[1][i]);
            cod.set_precinct_size((int)spec->precincts, sizes);
        }
        cod.set_progression_order(order_name[spec->order]);
        cod.set_color_transform(spec->colour != 0);
        cod.set_reversible(spec->reversible != 0);
        if (!spec->reversible)
            codestream.access_qcd().set_irrev_quant(spec->step);
        codestream.set_planar(spec->colour == 0);
        ojph::mem_outfile file;
        file.open();
        codestream.write_headers(&file);
        ojph::ui32 component = 0, row[4] = {0, 0, 0, 0};
        ojph::line_buf *line = codestream.exchange(NULL, component);
        uint64_t lines = 0;
        for (uint32_t c = 0; c < spec->components; c++)
            lines += spec->comp_h[c];
        for (uint64_t i = 0; i < lines; i++) {
            memcpy(line->i32, planes[component] + (size_t)row[component]++ * spec->comp_w[component], 4 * (size_t)spec->comp_w[component]);
            line = codestream.exchange(line, component);
        }
        codestream.flush();
        size_t nbytes = (size_t)file.tell();
        *out = (uint8_t *)malloc(nbytes);
        memcpy(*out, file.get_data(), nbytes);
        codestream.close();
        return nbytes;
    } catch (const std::exception &) {
        return 0;
    }
}

// The encoder has assertions that some legal images fail (blocks with no missing bit planes): taken as a refusal.
static sigjmp_buf escape;
static void give_up(int) { siglongjmp(escape, 1); }

extern "C" size_t encode_stream(const stream_spec *spec, int32_t *const planes[4], uint8_t **out)
{
    signal(SIGABRT, give_up);
    int errors = dup(2), nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, 2);
    size_t nbytes = sigsetjmp(escape, 1) ? 0 : encode(spec, planes, out);
    dup2(errors, 2);
    close(errors), close(nowhere);
    signal(SIGABRT, SIG_DFL);
    return nbytes;
}

extern "C" int openjph_decode(const uint8_t *data, size_t nbytes, uint8_t *out, uint32_t bytes_per_sample, int is_signed, uint32_t bits)
{
    try {
        ojph::codestream codestream;
        ojph::mem_infile file;
        file.open(data, nbytes);
        codestream.read_headers(&file);
        ojph::param_siz siz = codestream.access_siz();
        codestream.set_planar(false);
        codestream.create();
        uint32_t components = siz.get_num_components(), width = siz.get_recon_width(0), height = siz.get_recon_height(0);
        int32_t lo = is_signed ? -(1 << (bits - 1)) : 0, hi = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t i = 0; i < components; i++) {
                ojph::ui32 c;
                const int32_t *in = codestream.pull(c)->i32;
                uint8_t *to = out + ((size_t)y * width * components + c) * bytes_per_sample;
                for (uint32_t x = 0; x < width; x++, to += components * bytes_per_sample) {
                    int32_t v = in[x] < lo ? lo : in[x] > hi ? hi : in[x];
                    if (bytes_per_sample == 1)
                        *to = (uint8_t)v;
                    else {
                        uint16_t w = (uint16_t)v;
                        memcpy(to, &w, 2);
                    }
                }
            }
        codestream.close();
        return 0;
    } catch (const std::exception &) {
        return 1;
    }
}

// Refusals of the encoder are expected; they need no print.
namespace {
class quiet : public ojph::message_error {
public:
    void operator()(int, const char *, int, const char *, ...) override { throw std::exception(); }
};
quiet silent;
struct install {
    install() { ojph::configure_error(&silent); }
} installed;
}
